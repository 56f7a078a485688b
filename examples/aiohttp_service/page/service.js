// The way to the service: its stream of news, and how old the latest of them is.

import { $, hide, lasted, say, show } from "./text.js";

const SILENT = 25; // seconds; the service says something every ten

let stream;
let retry;
let heard = 0; // when the latest message came
let state = {}; // of the look at ngrok, in that message
let lost = ""; // why there are no messages
let hear;

const now = () => performance.now() / 1000;

export function listen(callback) {
  hear = callback;
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : join()));
  $("again").addEventListener("click", () => (stream ? send("look") : join()));
  setInterval(tick, 1000);
  join();
}

function leave() {
  clearTimeout(retry);
  stream?.close();
  stream = undefined; // nobody looks: nothing needs to be asked
}

function join() {
  leave();
  stream = new EventSource("events");
  stream.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    [heard, state, lost] = [now(), message.look, ""];
    hear(message);
    tick();
  };
  stream.onerror = () => {
    lost = "The service of this page does not answer. It is tried again.";
    leave();
    retry = setTimeout(join, 3000);
    tick();
  };
}

// --- how old what is shown is ------------------------------------------------------------------

const WORDS = { wait: "Connecting", first: "First look", live: "Live", old: "Not live" };
let kindBefore = "wait";

function age() {
  return state.age === undefined || state.age === null ? null : state.age + now() - heard;
}

function kindNow(seconds) {
  if (lost || state.trouble) return "old";
  if (!heard) return "wait";
  if (!state.known) return "first";
  return now() - heard > SILENT || seconds > state.late ? "old" : "live";
}

function tick() {
  const seconds = age();
  const kind = kindNow(seconds);
  const reason = lost || state.trouble || "There has been no news for a while. It is tried again.";
  document.body.dataset.live = kind;
  $("live").dataset.kind = kind;
  show($("live-word"), WORDS[kind]);
  show($("age"), seconds === null ? "" : kind === "live" ? `looked ${lasted(seconds)} ago` : `as of ${lasted(seconds)} ago`);
  $("trouble").hidden = kind !== "old";
  show($("trouble"), kind === "old" ? reason : "");
  hide($("again"), kind !== "old");
  if (kind === kindBefore) return;
  if (kind === "old") say(`Not live. ${reason}`);
  else if (kindBefore === "old") say("Live again.");
  kindBefore = kind;
}

// --- commands ----------------------------------------------------------------------------------

export async function send(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body ?? {}),
    });
    const told = await answer.json();
    return { isDone: answer.ok, ...told };
  } catch (error) {
    console.warn(error);
    return {
      isDone: false,
      message: "The service did not answer: it is not known whether it did this. See what happens before you try again.",
    };
  }
}
