// Shows what the service tells and sends it commands. What comes from outside is put in as text,
// never as markup; the Content-Security-Policy would refuse that too.

const $ = (id) => document.getElementById(id);
const rows = new Map(); // by session id: the agent's item in the list
const sending = new Set(); // items with a command on its way
const when = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  hour: "numeric",
  minute: "2-digit",
});

const show = (element, text) => {
  if (element.textContent !== text) element.textContent = text; // what stays is not read out again
};

const counted = (things, name) => `${things.length} ${name}${things.length === 1 ? "" : "s"}`;

// --- the list ----------------------------------------------------------------------------------

const NOTES = {
  restart: "Restarting. It will come back as a new session, with a new id.",
  stop: "Stopping.",
};

function note(row, text, kind = "") {
  const place = row.querySelector(".note");
  place.className = `note ${kind}`;
  show(place, text);
}

function enable(row, isOn) {
  for (const button of row.querySelectorAll("button")) {
    button.ariaDisabled = String(!isOn); // `disabled` would throw the focus out of the row
  }
}

function addRow(id) {
  const row = $("agent").content.firstElementChild.cloneNode(true);
  for (const button of row.querySelectorAll("button")) {
    button.addEventListener("click", () => press(row, button.value));
  }
  rows.set(id, row);
  return row;
}

function fill(row, agent) {
  const state = `${agent.id} ${agent.doing}`;
  if (row.dataset.state !== state) {
    // A message about a command stays until something happens to the agent.
    const was = agent.was && `Restarted as a new session: ${agent.id}. Before it was ${agent.was}.`;
    note(row, NOTES[agent.doing] ?? was ?? "", agent.doing ? "busy" : was ? "done" : "");
  }
  Object.assign(row.dataset, { state, id: agent.id, name: agent.name });
  show(row.querySelector("h2"), agent.name);
  show(row.querySelector(".id"), agent.id);
  for (const name of ["version", "os", "region", "ip"]) {
    show(row.querySelector(`.${name}`), agent[name] || "unknown");
  }
  const time = row.querySelector("time");
  time.dateTime = agent.started_at;
  show(time, when.format(new Date(agent.started_at)));
  row.querySelector(".commands").ariaLabel = `Commands for ${agent.name}`;
  for (const button of row.querySelectorAll("button")) {
    button.ariaLabel = `${button.textContent} ${agent.name}`;
  }
  enable(row, agent.doing === null && !sending.has(row));
  fillTunnels(row.querySelector(".tunnels"), agent);
}

function tunnelItem({ url, forwards_to }) {
  const item = document.createElement("li");
  const isLink = /^https?:\/\//.test(url); // and not javascript:
  const address = document.createElement(isLink ? "a" : "span");
  if (isLink) address.href = url;
  address.textContent = url || "By its labels";
  item.append(address, ` to ${forwards_to}`);
  return item;
}

function fillTunnels(list, agent) {
  const state = JSON.stringify(agent.tunnels);
  if (list.dataset.state === state) return;
  list.dataset.state = state;
  list.ariaLabel = `Tunnels of ${agent.name}`;
  list.replaceChildren(...agent.tunnels.map(tunnelItem));
}

function draw({ agents, budget }) {
  const isFirst = $("live").dataset.kind === undefined;
  const news = [];
  for (const agent of agents) {
    if (agent.was && rows.has(agent.was)) {
      // The same agent: its place on the page stays, and with it the focus.
      rows.set(agent.id, rows.get(agent.was));
      rows.delete(agent.was);
    } else if (!rows.has(agent.id)) {
      news.push(`${agent.name} has connected.`);
    }
    fill(rows.get(agent.id) ?? addRow(agent.id), agent);
  }
  const ids = new Set(agents.map((agent) => agent.id));
  for (const [id, row] of rows) {
    if (ids.has(id)) continue;
    news.push(`${row.dataset.name} has left.`);
    if (row.contains(document.activeElement)) document.querySelector("h1").focus();
    row.remove();
    rows.delete(id);
  }
  agents.forEach((agent, place) => {
    const row = rows.get(agent.id);
    const there = $("agents").children[place];
    if (there !== row) $("agents").insertBefore(row, there ?? null);
  });
  $("none").hidden = agents.length > 0;
  const tunnels = agents.flatMap((agent) => agent.tunnels);
  show($("count"), `${counted(agents, "agent")}, ${counted(tunnels, "tunnel")}`);
  if (news.length && !isFirst) show($("news"), news.join(" "));
  if (budget) show($("budget"), `${budget.used} of ${budget.limit} requests to ngrok used in ${budget.window} s`);
}

// --- the service -------------------------------------------------------------------------------

let timer;
let newest = 0;

function live(kind, text) {
  $("live").dataset.kind = kind;
  show($("live"), text);
}

async function refresh() {
  clearTimeout(timer);
  const mine = ++newest;
  let seconds = 5;
  let trouble = "The service of this page does not answer.";
  try {
    const answer = await fetch("agents", { signal: AbortSignal.timeout(20_000) });
    const body = await answer.json();
    if (mine !== newest) return;
    if (answer.ok) {
      draw(body);
      trouble = "";
      seconds = body.next_in;
    } else {
      trouble = body.message;
      seconds = Number(answer.headers.get("Retry-After") ?? seconds);
    }
  } catch (error) {
    if (mine !== newest) return;
    console.warn(error);
  }
  show($("trouble"), trouble);
  if (trouble) live("old", "Not live");
  else live("live", "Live");
  timer = setTimeout(refresh, Math.max(seconds, 0.25) * 1000);
}

async function press(row, command) {
  if (row.querySelector("button").ariaDisabled === "true") return;
  if (command === "stop" && !(await confirmed(row.dataset.name))) return;
  sending.add(row);
  enable(row, false);
  note(row, "Sending.", "busy");
  try {
    const path = `agents/${encodeURIComponent(row.dataset.id)}/${command}`;
    const answer = await fetch(path, { method: "POST" });
    const { message } = await answer.json();
    note(row, message, answer.ok ? "busy" : "failed");
  } catch (error) {
    console.warn(error);
    note(row, "The service did not answer: it is not known whether it sent the command.", "failed");
  }
  sending.delete(row);
  enable(row, true);
  refresh();
}

function confirmed(name) {
  const dialog = $("confirm");
  show($("question"), `Stop ${name}?`);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "stop"), { once: true });
  });
}

for (const button of $("confirm").querySelectorAll("button")) {
  button.addEventListener("click", () => $("confirm").close(button.value));
}
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
  else clearTimeout(timer); // nobody looks: nothing needs to be asked
});
refresh();
