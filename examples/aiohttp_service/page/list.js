// The table: one place to stop at for the tab key, fifty agents to a page.

import { fill, tick, toggle } from "./agent.js";
import { agents, choose, chosen, counts, here, isNarrowed, showAll, view } from "./fleet.js";
import { $, counted, make, options, show } from "./text.js";
import { behind } from "./versions.js";

const table = $("agents");
const bodies = new Map(); // by key
let current = ""; // the key of the row that the tab key stops at
let place = 0; // where it is on the page: who leaves hands the focus to who moves up
let look = { known: false };

const bodyOf = (element) => element?.closest?.("tbody");
const inView = () => [...table.querySelectorAll("tbody:not(.group)")];

export function draw(newLook) {
  look = newLook ?? look;
  const focus = document.activeElement;
  const hadFocus = table.tBodies.length > 0 && bodyOf(focus)?.parentElement === table;
  const selection = chosen();
  const wanted = laidOut(selection);
  arrange(wanted);
  for (const [key, body] of bodies) if (!body.isConnected) bodies.delete(key);
  rove();
  if (hadFocus && document.activeElement !== focus) {
    // A node that moves loses the focus, one that is gone hands it on.
    if (focus.isConnected) focus.focus({ preventScroll: true });
    else focusOn(inView()[Math.min(place, inView().length - 1)]);
  }
  drawAround(selection);
}

function laidOut({ shown, rows, newestVersion }) {
  let group;
  const wanted = [];
  for (const agent of shown) {
    if (view.group && agent[view.group] !== group) {
      group = agent[view.group];
      wanted.push(heading(group, rows.filter((row) => row[view.group] === group).length, newestVersion));
    }
    const body = bodies.get(agent.key) ?? add(agent.key);
    fill(body, agent, newestVersion);
    wanted.push(body);
  }
  return wanted;
}

function heading(value, count, newestVersion) {
  const age = view.group === "version" ? behind(value, newestVersion) : "";
  const text = [value || "unknown", counted(count, "agent"), age].filter(Boolean).join(" · ");
  const known = [...table.querySelectorAll(".group")].find((body) => body.textContent === text);
  return known ?? make("tbody", { className: "group" }, make("tr", {}, make("th", { colSpan: columns(), scope: "rowgroup", textContent: text })));
}

function arrange(wanted) {
  const keep = new Set(wanted);
  for (const body of [...table.tBodies]) if (!keep.has(body)) body.remove();
  wanted.forEach((body, index) => {
    const there = table.tBodies[index];
    if (there !== body) table.insertBefore(body, there ?? null);
  });
}

function add(key) {
  const body = $("agent").content.firstElementChild.cloneNode(true);
  const flip = () => {
    current = key;
    rove();
    toggle(body, agents.get(key), chosen().newestVersion);
    span();
  };
  body.querySelector(".agent").addEventListener("click", () => {
    if (getSelection().isCollapsed || getSelection().toString() === "") flip(); // text can be marked and copied
  });
  bodies.set(key, body);
  return body;
}

function drawAround({ rows, page, pages, newestVersion }) {
  const everybody = here();
  const hidden = agents.size - rows.length;
  table.hidden = rows.length === 0;
  show($("count"), look.known || !everybody.length ? summary(rows, everybody, newestVersion) : `${counted(everybody.length, "agent")} so far`);
  $("clear").hidden = !isNarrowed();
  $("pages").hidden = pages < 2;
  show($("pages").querySelector("p"), `Page ${page + 1} of ${pages}`);
  for (const button of $("pages").querySelectorAll("button")) {
    const to = page + Number(button.value);
    button.ariaDisabled = String(to < 0 || to >= pages);
  }
  for (const header of table.tHead.querySelectorAll("th:has(button)")) {
    const isSorted = header.querySelector("button").value === view.sort;
    if (isSorted) header.ariaSort = view.down ? "descending" : "ascending";
    else header.removeAttribute("aria-sort");
  }
  drawEmpty(rows.length, hidden);
  drawChoices(newestVersion);
}

function summary(rows, everybody, newestVersion) {
  const tunnels = everybody.reduce((sum, agent) => sum + agent.tunnels.length, 0);
  const late = everybody.filter((agent) => behind(agent.version, newestVersion)).length;
  const left = agents.size - everybody.length;
  if (!look.known) return "";
  const parts = [counted(everybody.length, "agent"), counted(tunnels, "tunnel")];
  if (late) parts.push(`${late.toLocaleString()} behind ${newestVersion}`);
  if (left) parts.push(`${left.toLocaleString()} left lately`);
  return (isNarrowed() ? `${rows.length.toLocaleString()} shown of ` : "") + parts.join(" · ");
}

function drawEmpty(count, hidden) {
  const [title, text, command] = count
    ? []
    : !look.known
      ? look.trouble
        ? ["Nothing could be seen yet", "The line above tells why. Agents appear here as soon as ngrok answers."]
        : ["Looking for agents", "The first look at your account is under way."]
      : hidden
        ? ["No agent fits", `${counted(hidden, "agent")} ${hidden === 1 ? "is" : "are"} hidden by what is chosen above. “Show all” clears that.`]
        : ["No agent is connected", "Start one on any machine that has the ngrok agent and your authtoken. It appears here by itself:", "ngrok http 8080"];
  $("empty").hidden = !title;
  $("empty").ariaBusy = String(!look.known && !look.trouble);
  show($("empty").querySelector("h2"), title ?? "");
  show($("empty").querySelector("p"), text ?? "");
  $("empty").querySelector("pre").hidden = !command;
  show($("empty").querySelector("pre"), command ?? "");
}

function offered(name) {
  const found = counts(name).map(([value, count]) => [value, `${value} (${count})`]);
  const isMissing = view[name] && view[name] !== "behind" && !found.some(([value]) => value === view[name]);
  return isMissing ? [...found, [view[name], `${view[name]} (0)`]] : found; // it stays chosen
}

function drawChoices(newestVersion) {
  const versions = offered("version");
  options(tools.elements.version, [["", "All versions"], ["behind", `Behind ${newestVersion || "the newest"}`], ...versions]);
  options(tools.elements.region, [["", "All regions"], ...offered("region")]);
  for (const name of ["q", "version", "region", "state", "group", "sort"]) {
    if (tools.elements[name].value !== view[name]) tools.elements[name].value = view[name];
  }
}

// --- by keyboard -------------------------------------------------------------------------------

function rove() {
  const rows = inView();
  const chosenRow = rows.find((body) => body.dataset.key === current) ?? rows[Math.min(place, rows.length - 1)];
  for (const body of rows) body.querySelector(".open").tabIndex = body === chosenRow ? 0 : -1;
  if (!chosenRow) return;
  current = chosenRow.dataset.key;
  place = rows.indexOf(chosenRow);
}

function focusOn(body) {
  if (!body) return document.querySelector("h1").focus();
  current = body.dataset.key;
  rove();
  body.querySelector(".open").focus();
}

function turn(by, isAtEnd = by < 0) {
  const { page, pages } = chosen();
  const to = page + by;
  if (to < 0 || to >= pages) return false;
  choose({ page: String(to) });
  draw();
  place = isAtEnd ? inView().length - 1 : 0;
  current = inView()[place].dataset.key;
  rove();
  return true;
}

const STEPS = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

table.addEventListener("keydown", (event) => {
  const body = bodyOf(event.target);
  if (event.key === "Escape" && body?.dataset.open === "yes") {
    body.querySelector(".open").click();
    focusOn(body);
    return;
  }
  if (!event.target.matches(".open") || event.ctrlKey || event.metaKey || event.altKey) return;
  const rows = inView();
  if (event.key in STEPS) {
    const to = rows.indexOf(body) + STEPS[event.key];
    event.preventDefault();
    if (Number.isFinite(to) && !(to in rows)) {
      if (turn(Math.sign(to))) focusOn(inView()[place]);
    } else focusOn(rows[Math.min(Math.max(to, 0), rows.length - 1)]);
  } else if (event.key === "PageDown" || event.key === "PageUp") {
    event.preventDefault();
    if (turn(event.key === "PageDown" ? 1 : -1, false)) focusOn(inView()[0]);
  }
});

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, select, textarea, dialog");
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  tools.elements.q.focus();
  tools.elements.q.select();
});

// --- what is chosen ----------------------------------------------------------------------------

const tools = $("tools");

tools.addEventListener("input", ({ target }) => {
  choose({ [target.name]: target.value });
  draw();
});
tools.addEventListener("submit", (event) => event.preventDefault());
$("clear").addEventListener("click", () => {
  showAll();
  draw();
  tools.elements.q.focus();
});
for (const button of table.tHead.querySelectorAll("button")) {
  button.addEventListener("click", () => {
    const down = view.sort === button.value && !view.down ? "yes" : "";
    choose({ sort: button.value, down });
    draw();
  });
}
for (const button of $("pages").querySelectorAll("button")) {
  button.addEventListener("click", () => {
    if (!turn(Number(button.value), false)) return;
    table.scrollIntoView();
  });
}

// A narrow page shows fewer columns. What spans all of them must not span more, or they get less.
const columns = () => [...table.tHead.rows[0].cells].filter((cell) => getComputedStyle(cell).display !== "none").length;
const span = () => {
  for (const cell of table.querySelectorAll("[colspan]")) cell.colSpan = columns();
};
new ResizeObserver(span).observe(document.body);

// Ages go on while nothing else changes.
setInterval(() => {
  if (document.hidden) return;
  for (const body of inView()) if (agents.has(body.dataset.key)) tick(body, agents.get(body.dataset.key));
}, 5000);
new ResizeObserver(([entry]) => {
  document.documentElement.style.setProperty("--bar", `${Math.round(entry.borderBoxSize[0].blockSize)}px`);
}).observe($("bar"));
