// Puts the parts together: what the service tells goes to the list and to the rollout.

import * as agent from "./agent.js";
import { agents, here, take } from "./fleet.js";
import * as list from "./list.js";
import * as rollout from "./rollout.js";
import { listen } from "./service.js";
import { $, say, show } from "./text.js";

const brief = (name) => (name.length > 40 ? `${name.slice(0, 39)}…` : name); // it is read out

function tellNews(message) {
  if (message.full) return;
  for (const row of message.agents) {
    const before = agents.get(row.key);
    if (!before) say(`${brief(row.name)} has connected.`);
    else if (row.phase) continue; // the rollout tells of its own, and not of each
    else if (row.state === "left" && before.state !== "left") say(`${brief(row.name)} has left.`);
    else if (row.id !== before.id) say(`${brief(row.name)} is back as a new session.`);
  }
}

function hear(message) {
  tellNews(message);
  take(message);
  if (message.rollout !== undefined) rollout.draw(message.rollout);
  agent.know(message.look);
  list.draw(message.look);
  const { budget } = message;
  if (budget) show($("budget"), `${budget.used} of ${budget.limit} requests to ngrok used in ${budget.window} s`);
  document.title = message.look.known ? `Agents (${here().length})` : "Agents";
}

agent.connect(
  (key) => agents.get(key),
  () => list.draw(),
);
list.draw({ known: false });
listen(hear);
