// The way to a rollout: what it is to do, then the plan of it, which sends nothing, then the start.

import { best, counts, view } from "./fleet.js";
import { send } from "./service.js";
import { $, counted, isolated, lasted, make, options, show } from "./text.js";
import { behind } from "./versions.js";

const dialog = $("order");
const form = $("order-form");
const VERBS = { update: "Update", fetch: "Update", restart: "Restart", stop: "Stop" };
let planned = "";

export function open() {
  const newest = best();
  const chosen = new Set([...$("order-versions").querySelectorAll(":checked")].map((box) => box.value));
  if (!chosen.size && view.version && view.version !== "behind") chosen.add(view.version);
  const choices = counts("version").map(([version, count]) => choice(version, count, newest, chosen));
  $("order-versions").replaceChildren(...(choices.length ? choices : [make("p", { className: "hint" }, "No agent is connected, so there is none to choose.")]));
  options(form.elements.region, [["", "All regions"], ...counts("region").map(([region, count]) => [region, `${region} (${count})`])]);
  if (view.region) form.elements.region.value = view.region;
  turn("order");
  dialog.showModal();
}

function choice(version, count, newest, chosen) {
  const box = make("input", { type: "checkbox", name: "versions", value: version, checked: chosen.has(version) });
  const age = behind(version, newest);
  box.dataset.behind = age ? "yes" : "no";
  return make("label", {}, box, ` ${version} `, make("small", {}, [counted(count, "agent"), age].filter(Boolean).join(", ")));
}

const takesVersion = (kind) => ["update", "fetch"].includes(kind);

function showTo() {
  $("order-to").hidden = !takesVersion(form.elements.kind.value);
}

function turn(side) {
  form.hidden = side !== "order";
  $("plan").hidden = side !== "plan";
  showTo();
  show($("order-wrong"), "");
  show($("plan-wrong"), "");
}

const READ = {
  kind: (data) => data.get("kind"),
  versions: (data) => data.getAll("versions"),
  region: (data) => data.get("region"),
  metadata: (data) => data.get("metadata"),
  to: (data) => (takesVersion(data.get("kind")) ? data.get("to").trim() : ""),
  waves: (data) => data.get("waves").split(/[\s,;]+/).filter(Boolean).map(Number),
  max_failures: (data) => Number(data.get("max_failures")),
};

function wrong(order) {
  if (!order.versions.length) return "Choose at least one version: nothing is meant by none.";
  if (!order.waves.length || order.waves.some((size) => !Number.isInteger(size) || size < 1)) {
    return "The sizes of the waves are whole numbers from 1 on, such as 1, 5, 25.";
  }
  if (!Number.isInteger(order.max_failures) || order.max_failures < 0) return "The number of failures is a whole number from 0 on.";
  return "";
}

let isAsking = false;

async function ask(button, place, path, body) {
  if (isAsking) return null;
  isAsking = true;
  button.ariaDisabled = "true";
  show(place, "");
  const answer = await send(path, body);
  isAsking = false;
  button.ariaDisabled = "false";
  if (!answer.isDone) show(place, answer.message);
  return answer.isDone ? answer : null;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const data = new FormData(form);
  const order = Object.fromEntries(Object.entries(READ).map(([name, read]) => [name, read(data)]));
  show($("order-wrong"), wrong(order));
  if (wrong(order)) return;
  const plan = await ask(event.submitter, $("order-wrong"), "rollout/plan", order);
  if (!plan || !dialog.open) return;
  drawPlan(plan, order);
});

function drawPlan(plan, order) {
  planned = plan.plan;
  turn("plan");
  const title = $("plan").querySelector("h2");
  const verb = VERBS[order.kind];
  show(title, plan.total ? `${verb} ${counted(plan.total, "agent")}` : "Nothing to do");
  const cost = `About ${counted(plan.requests, "request")} to ngrok and ${lasted(plan.seconds)}. Nothing has been sent.`;
  show($("plan-cost"), plan.total ? cost : "No agent is left after what is skipped. Go back and choose others.");
  $("plan-waves").replaceChildren(...plan.waves.map((names, index) => wave(names, index)));
  $("plan-lists").replaceChildren(...plan.skipped.map(skipped), ...plan.alike.map(alike));
  const start = $("plan").querySelector("[value=start]");
  start.hidden = !plan.total;
  start.classList.toggle("danger", order.kind === "stop");
  show(start, `${verb} ${counted(plan.total, "agent")}`);
  title.focus();
}

const FEW = 6;

function listed(names) {
  const rest = names.length - FEW;
  const parts = names.slice(0, FEW).flatMap((name, index) => [index ? ", " : "", isolated(name)]);
  return rest > 0 ? [...parts, ` and ${rest.toLocaleString()} more`] : parts;
}

const wave = (names, index) => make("li", {}, make("strong", {}, `Wave ${index + 1}, ${counted(names.length, "agent")}: `), ...listed(names));
const skipped = ({ reason, names }) => make("p", {}, make("strong", {}, `Skipped, ${reason}: `), ...listed(names));
const alike = (names) => make("p", {}, make("strong", {}, "Look alike, so never in one wave: "), ...listed(names));

dialog.addEventListener("click", async ({ target }) => {
  const { value } = target.closest("button") ?? {};
  if (value === "close") dialog.close();
  if (value === "back") {
    turn("order");
    form.querySelector("[type=submit]").focus();
  }
  if (["behind", "all", "none"].includes(value)) {
    for (const box of $("order-versions").querySelectorAll("input")) {
      box.checked = value === "all" || (value === "behind" && box.dataset.behind === "yes");
    }
  }
  if (value === "start" && (await ask(target, $("plan-wrong"), "rollout/start", { plan: planned }))) {
    dialog.close();
    document.querySelector("h1").focus();
    scrollTo(0, 0);
  }
});
form.addEventListener("change", showTo);
