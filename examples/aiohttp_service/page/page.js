// Puts the parts together: what the service tells goes to the list and to the rollout.

import * as agent from "./agent.js";
import { agents, here, take } from "./fleet.js";
import * as list from "./list.js";
import * as rollout from "./rollout.js";
import { listen } from "./service.js";
import { $, mention, show } from "./text.js";

let isKnown = false; // until then all of them are new

function tellNews(message) {
  if (!message.full && isKnown) message.agents.forEach(tell);
  isKnown = message.look.known;
}

function tell(row) {
  const before = agents.get(row.key);
  if (!before) mention(row.name, "has connected.");
  else if (row.phase) return; // the rollout tells of its own, and not of each
  else if (row.state === "left" && before.state !== "left") mention(row.name, "has left.");
  else if (row.id !== before.id) mention(row.name, "is back as a new session.");
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
