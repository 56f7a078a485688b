// Words and elements. What comes from outside is put in as text, never as markup; the
// Content-Security-Policy would refuse that too.

export const $ = (id) => document.getElementById(id);

export const collator = new Intl.Collator(undefined, { numeric: true });

const moment = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  hour: "numeric",
  minute: "2-digit",
});
const hour = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });

export const when = (iso) => moment.format(new Date(iso));
export const clock = (iso) => hour.format(new Date(iso));

export function show(element, text) {
  if (element.textContent !== text) element.textContent = text; // what stays is not read out again
}

// What goes away hands the focus to the heading, or it would be at the top of nowhere.
export function hide(element, isHidden) {
  if (isHidden && element.contains(document.activeElement)) document.querySelector("h1").focus();
  element.hidden = isHidden;
}

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export const counted = (count, name) => `${count.toLocaleString()} ${name}${count === 1 ? "" : "s"}`;

export function lasted(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return counted(Math.floor(seconds / 86_400), "day");
}

// Text is isolated: a name in Arabic, or one with characters that turn the direction, stays in
// its place.
export const isolated = (text) => make("bdi", { textContent: text });

export function options(select, choices) {
  const state = JSON.stringify(choices);
  if (select.dataset.state === state) return; // an open list would close
  const chosen = select.value;
  select.dataset.state = state;
  select.replaceChildren(...choices.map(([value, text]) => make("option", { value }, text)));
  if (choices.some(([value]) => value === chosen)) select.value = chosen;
}

// What is read out: what somebody did or must know at once, news of agents together and seldom.
const urgent = [];
const news = [];
let speaking;
let due = Infinity;

function speak() {
  const rest = news.length - 3;
  const more = rest > 0 ? [`${rest} more changes.`] : [];
  $("said").textContent = [...urgent, ...news.slice(0, 3), ...more].join(" ");
  urgent.length = news.length = 0;
  due = Infinity;
}

function speakWithin(milliseconds) {
  const at = performance.now() + milliseconds;
  if (at >= due) return;
  due = at;
  clearTimeout(speaking);
  speaking = setTimeout(speak, milliseconds);
}

export function say(text) {
  urgent.push(text);
  speakWithin(300);
}

export function mention(name, text) {
  news.push(`${name.length > 40 ? `${name.slice(0, 39)}…` : name} ${text}`);
  speakWithin(4000);
}
