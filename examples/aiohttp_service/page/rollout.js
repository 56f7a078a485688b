// A rollout: how it goes, above the list. order.js has the way to a new one.

import { PHASES } from "./agent.js";
import { open } from "./order.js";
import { send } from "./service.js";
import { $, counted, hide, isolated, make, say, show } from "./text.js";

const STATES = {
  running: "Running",
  paused: "Paused",
  stopped: "Stopped",
  finished: "Finished",
  interrupted: "Interrupted",
};
const CAN = {
  running: ["pause"],
  paused: ["resume", "dismiss"],
  stopped: ["dismiss"],
  finished: ["dismiss"],
  interrupted: ["resume", "dismiss"],
};
// In the order of the bar; the words stand below it, since colours alone say nothing to many.
const COUNTS = {
  done: "done",
  under_way: "under way",
  failed: "failed",
  unclear: "unclear",
  skipped: "skipped",
  pending: "waiting",
};

let before = "";

export function draw(rollout) {
  hide($("rollout"), rollout === null);
  const isActive = rollout !== null && !["stopped", "finished"].includes(rollout.state);
  $("roll").ariaDisabled = String(isActive);
  $("roll").title = isActive ? "One rollout at a time: this one is not at its end" : "";
  if (rollout === null) {
    before = "";
    return;
  }
  const { counts, state } = rollout;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const settled = total - counts.pending - counts.under_way;
  $("rollout").dataset.state = state;
  show($("rollout-title"), rollout.title);
  show($("rollout-state"), STATES[state]);
  drawButtons(state);
  const bar = $("rollout-bar");
  bar.ariaValueMax = String(total);
  bar.ariaValueNow = String(settled);
  bar.ariaValueText = `${settled} of ${total} settled`;
  drawCounts(counts, total);
  $("rollout-message").hidden = !rollout.message;
  show($("rollout-message"), rollout.message);
  drawSteps(rollout.steps);
  // Once per state and tenth: a thousand agents are not read out one by one.
  const stage = `${state} ${Math.floor((10 * settled) / (total || 1))}`;
  if (before && before !== stage) say(`${STATES[state]}. ${settled} of ${total} settled, ${counts.failed} failed, ${counts.unclear} unclear.`);
  before = stage;
}

function drawButtons(state) {
  const buttons = [...$("rollout-commands").querySelectorAll("button")];
  const focused = buttons.find((button) => button === document.activeElement);
  for (const button of buttons) button.hidden = !CAN[state].includes(button.value);
  if (focused?.hidden) buttons.find((button) => !button.hidden).focus(); // what can be done now
}

function drawCounts(counts, total) {
  const bar = $("rollout-bar");
  for (const [name, word] of Object.entries(COUNTS)) {
    const part = bar.querySelector(`[data-state=${name}]`) ?? bar.appendChild(make("span"));
    part.dataset.state = name;
    part.style.flexGrow = String(counts[name]);
    part.hidden = counts[name] === 0;
    const item = $("rollout-counts").querySelector(`[data-state=${name}]`) ?? $("rollout-counts").appendChild(make("li"));
    item.dataset.state = name;
    item.hidden = counts[name] === 0;
    show(item, `${counts[name].toLocaleString()} ${word}`);
  }
  bar.hidden = total === 0;
}

function drawSteps(steps) {
  const more = $("rollout-more");
  const fresh = JSON.stringify(steps);
  if (more.dataset.fresh === fresh) return;
  more.dataset.fresh = fresh;
  more.hidden = steps.length === 0;
  show(more.querySelector("summary"), `${counted(steps.length, "agent")} to look at`);
  more.querySelector("ul").replaceChildren(
    ...steps.map((step) =>
      make("li", {}, make("strong", {}, isolated(step.name)), ` ${PHASES[step.state] ?? step.state}: `, isolated(step.reason)),
    ),
  );
}

for (const button of $("rollout-commands").querySelectorAll("button")) {
  button.addEventListener("click", async () => {
    const { isDone, message } = await send(`rollout/${button.value}`);
    if (isDone) return;
    $("rollout-message").hidden = false;
    show($("rollout-message"), message);
    say(message);
  });
}
$("roll").addEventListener("click", () => {
  if ($("roll").ariaDisabled === "true") $("rollout").scrollIntoView({ block: "center" });
  else open();
});
