// What is known, and which of it is chosen to be seen. Nothing in here touches the page.

import { collator } from "./text.js";
import { compare, newest } from "./versions.js";

export const PER_PAGE = 50;
export const agents = new Map(); // by key, which stays the same when the session id changes

const DEFAULTS = { q: "", version: "", region: "", state: "", group: "", sort: "name", down: "", page: "0" };
export const view = { ...DEFAULTS, ...Object.fromEntries(new URLSearchParams(location.hash.slice(1))) };

// The address has the choice, so it outlasts a reload and can be kept as a bookmark.
export function choose(changes) {
  Object.assign(view, { page: "0" }, changes);
  const said = Object.entries(view).filter(([name, value]) => value !== DEFAULTS[name]);
  history.replaceState(null, "", said.length ? `#${new URLSearchParams(said)}` : location.pathname);
}

export const isNarrowed = () => ["q", "version", "region", "state"].some((name) => view[name]);
export const showAll = () => choose({ q: "", version: "", region: "", state: "" });

export function take({ full, agents: rows, gone }) {
  if (full) agents.clear();
  for (const key of gone) agents.delete(key);
  for (const row of rows) agents.set(row.key, row);
}

export const here = () => [...agents.values()].filter((agent) => agent.state !== "left");
export const best = () => newest([...new Set([...agents.values()].map((agent) => agent.version))]);

const BUSY = ["restarting", "stopping"];
const STATES = {
  connected: (agent) => agent.state === "connected",
  busy: (agent) => BUSY.includes(agent.state),
  left: (agent) => agent.state === "left",
  rollout: (agent) => agent.phase !== "",
  bare: (agent) => agent.state !== "left" && !agent.tunnels.length,
};

function text(agent) {
  const urls = agent.tunnels.map((tunnel) => `${tunnel.url} ${tunnel.forwards_to}`);
  return [agent.name, agent.metadata, agent.id, agent.ip, agent.os, ...urls].join("\n").toLowerCase();
}

function fits(agent, newestVersion) {
  if (view.region && agent.region !== view.region) return false;
  if (view.state && !STATES[view.state]?.(agent)) return false;
  if (view.version === "behind" && compare(agent.version, newestVersion) >= 0) return false;
  if (view.version && view.version !== "behind" && agent.version !== view.version) return false;
  const words = view.q.toLowerCase().split(/\s+/).filter(Boolean);
  const found = words.length ? text(agent) : "";
  return words.every((word) => found.includes(word));
}

const ORDER = ["left", "restarting", "stopping", "connected"]; // what needs a look first

function difference(name, a, b) {
  if (name === "version") return compare(a.version, b.version);
  if (name === "state") return ORDER.indexOf(a.state) - ORDER.indexOf(b.state);
  return collator.compare(a[name], b[name]);
}

export function chosen() {
  const newestVersion = best();
  const turn = view.down ? -1 : 1;
  const rows = [...agents.values()].filter((agent) => fits(agent, newestVersion));
  rows.sort(
    (a, b) =>
      (view.group && difference(view.group, a, b)) ||
      turn * difference(view.sort, a, b) ||
      collator.compare(a.name, b.name) ||
      collator.compare(a.key, b.key),
  );
  const pages = Math.max(1, Math.ceil(rows.length / PER_PAGE));
  const page = Math.min(Math.max(0, Number(view.page) || 0), pages - 1);
  return { rows, pages, page, shown: rows.slice(page * PER_PAGE, (page + 1) * PER_PAGE), newestVersion };
}

export function counts(name) {
  const found = new Map();
  for (const agent of here()) found.set(agent[name], (found.get(agent[name]) ?? 0) + 1);
  const order = name === "version" ? (a, b) => compare(b, a) : collator.compare;
  return [...found].filter(([value]) => value).sort(([a], [b]) => order(a, b));
}
