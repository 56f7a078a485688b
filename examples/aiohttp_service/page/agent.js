// One agent on the page: its row, and what opens below it.

import { send } from "./service.js";
import { $, clock, isolated, lasted, make, say, show, when } from "./text.js";
import { behind } from "./versions.js";

const STATES = { connected: "Connected", restarting: "Restarting", stopping: "Stopping", left: "Left" };
export const PHASES = {
  planned: "Waiting",
  updating: "Updating",
  fetched: "Has the new version",
  restarting: "Restarting",
  away: "Away",
  back: "Back",
  verified: "Done",
  done: "Done",
  skipped: "Skipped",
  failed: "Failed",
  unclear: "Unclear",
  stopping: "Stopping",
};

let knowsTunnels = true;
const none = (text) => (knowsTunnels ? text : "Not seen yet");

export function know(look) {
  knowsTunnels = look.tunnels ?? true;
}

const notes = new Map(); // by key: [text, kind] of the latest command
const sending = new Set(); // keys of agents with a command on its way

function note(agent) {
  if (notes.has(agent.key)) return notes.get(agent.key);
  if (agent.note) return [agent.note, agent.state === "connected" ? "done" : "busy"];
  return ["", ""];
}

export function fill(body, agent, newest) {
  const fresh = JSON.stringify([agent, newest, knowsTunnels, notes.get(agent.key), sending.has(agent.key), body.dataset.open]);
  if (body.dataset.fresh !== fresh) {
    if (body.dataset.id !== agent.id) notes.delete(agent.key); // what was said of the session before
    Object.assign(body.dataset, { fresh, key: agent.key, id: agent.id });
    fillRow(body, agent, newest);
    fillDetails(body, agent, newest);
  }
}

function fillRow(body, agent, newest) {
  const part = (name) => body.querySelector(`.agent .${name}`);
  const state = agent.phase && agent.state !== "left" ? agent.phase : agent.state;
  const age = behind(agent.version, newest);
  const count = agent.tunnels.length;
  show(body.querySelector(".open bdi"), agent.name);
  show(part("place"), [agent.ip !== agent.name && agent.ip, agent.os].filter(Boolean).join(" · "));
  show(part("number"), agent.version || "unknown");
  show(part("behind"), age || (agent.version === newest ? "newest" : ""));
  part("behind").classList.toggle("is", age !== "");
  for (const word of body.querySelectorAll(".agent .word")) {
    word.dataset.state = state;
    show(word, agent.state === "left" ? STATES.left : (PHASES[agent.phase] ?? STATES[agent.state]));
  }
  show(part("moment"), agent.since ? clock(agent.since) : "");
  show(part("region"), agent.region || "unknown");
  show(part("tunnels"), count ? `${agent.tunnels[0].url || "By its labels"}${count > 1 ? ` and ${count - 1} more` : ""}` : none("None"));
  body.querySelector("time").dateTime = agent.started_at;
  body.querySelector("time").title = when(agent.started_at);
  tick(body, agent);
}

export function tick(body, agent) {
  show(body.querySelector("time"), lasted(Math.max(0, (Date.now() - new Date(agent.started_at)) / 1000)));
}

export function toggle(body, agent, newest) {
  const isOpen = body.dataset.open !== "yes";
  body.dataset.open = isOpen ? "yes" : "no";
  body.querySelector(".open").ariaExpanded = String(isOpen);
  if (isOpen) body.append(details(body));
  else body.querySelector(".details").remove();
  fill(body, agent, newest);
}

function details(body) {
  const row = $("details").content.firstElementChild.cloneNode(true);
  for (const button of row.querySelectorAll("button")) {
    button.addEventListener("click", () => press(body, button.value));
  }
  return row;
}

function fillDetails(body, agent, newest) {
  const row = body.querySelector(".details");
  if (!row) return;
  const texts = { ...agent, started_at: when(agent.started_at) };
  const age = behind(agent.version, newest);
  if (age) texts.version = `${agent.version}, ${age}: the newest seen is ${newest}`;
  for (const place of row.querySelectorAll("dd")) {
    const text = texts[place.dataset.field];
    place.parentElement.hidden = !text && ["was", "metadata"].includes(place.dataset.field);
    show(place.firstElementChild ?? place, text || "unknown");
  }
  row.querySelector("[role=group]").ariaLabel = `Details of ${agent.name}`;
  const [text, kind] = note(agent);
  row.querySelector(".note").className = `note ${kind}`;
  show(row.querySelector(".note"), text);
  row.querySelector(".commands").hidden = agent.state === "left";
  for (const button of row.querySelectorAll("button")) {
    button.ariaLabel = `${button.textContent} ${agent.name}`;
    // `disabled` would throw the focus out of the row
    button.ariaDisabled = String(agent.state !== "connected" || sending.has(agent.key));
  }
  fillOffers(row.querySelector(".offers"), agent);
}

function offer({ url, forwards_to }) {
  const isLink = /^https?:\/\//.test(url); // and not javascript:
  const address = make(isLink ? "a" : "span", { textContent: url || "By its labels", dir: "ltr" });
  if (isLink) Object.assign(address, { href: url, target: "_blank", rel: "noreferrer noopener" });
  return make("li", {}, address, " to ", isolated(forwards_to));
}

function fillOffers(list, agent) {
  const state = JSON.stringify([agent.tunnels, knowsTunnels]);
  if (list.dataset.state === state) return;
  list.dataset.state = state;
  const items = agent.tunnels.map(offer);
  list.replaceChildren(...(items.length ? items : [make("li", {}, none("It offers none. Nothing reaches its machine through ngrok."))]));
}

// --- commands ----------------------------------------------------------------------------------

let agentOf; // how to get what is known of a key now
let again; // draws

export function connect(get, draw) {
  [agentOf, again] = [get, draw];
}

async function press(body, command) {
  const { key } = body.dataset;
  const agent = agentOf(key);
  if (!agent || agent.state !== "connected" || sending.has(key)) return;
  if (command === "stop" && !(await confirmed(agent.name))) return;
  sending.add(key);
  notes.set(key, ["Sending.", "busy"]);
  again();
  const { isDone, message } = await send(`agents/${encodeURIComponent(agentOf(key)?.id ?? agent.id)}/${command}`);
  sending.delete(key);
  const now = agentOf(key);
  // The service may have told more of it by now.
  if (isDone && (!now || now.note)) notes.delete(key);
  else notes.set(key, [message, isDone ? "busy" : "failed"]);
  if (body.dataset.open !== "yes") say(message);
  again();
}

function confirmed(name) {
  const dialog = $("confirm");
  $("question").replaceChildren("Stop ", isolated(name), "?");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "stop"), { once: true });
  });
}

for (const button of $("confirm").querySelectorAll("button")) {
  button.addEventListener("click", () => $("confirm").close(button.value));
}
