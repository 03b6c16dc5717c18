/* The screen for patients: whether ID must be shown today, without a reason, a name or a number on it. Nothing is
   recorded. It goes back to its start by itself. */
import { all, dayIn, find, make } from "./dom.js";
import { listen, readBarcodes, useKeys } from "./keys.js";
import { consider, forgetKey, read, signedIn, SignedOut } from "./service.js";
import { shape } from "./shapes.js";
import { kindOf } from "./verdict.js";

const texts = JSON.parse(document.getElementById("words").textContent);
const FIRST = Object.keys(texts).includes("ko") ? "ko" : Object.keys(texts)[0];
let language = FIRST;
let shown = null;
let desk = null;
let settings = null;
let left = 0;
let asked = 0;

const say = (key, values = {}) => texts[language][key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

function speak(name) {
  language = name;
  document.documentElement.lang = name;
  document.title = say("title");
  for (const one of all("[data-word]")) one.textContent = say(one.dataset.word);
  for (const one of all("#languages button")) one.setAttribute("aria-pressed", String(one.lang === name));
  if (shown) shown();
}

/** Shows something that goes away by itself; it is drawn again in another language. */
function show(draw) {
  shown = () => find("#answer").replaceChildren(...draw());
  shown();
  find("#start").hidden = true;
  find("#answer").hidden = false;
  find("#back").hidden = false;
  stay();
}

function stay() {
  left = Date.now() + settings.institution.kiosk_seconds * 1000;
}

function start() {
  shown = null;
  asked += 1;
  left = 0;
  find("#answer").replaceChildren();
  find("#answer").hidden = true;
  find("#back").hidden = true;
  find("#counting").hidden = true;
  find("#start").hidden = false;
  speak(FIRST);
}

const answer = (kind, what, more) => () => [
  make("div", { class: `verdict ${kind}` }, make("h2", {}, shape(kind), make("span", {}, say(what))), make("p", {}, say(more))),
];
const told = (what) => () => [make("p", { class: "lead" }, say(what))];

/** Asks what the desk would ask of who shows nothing; only whether ID is needed comes to the screen. */
async function check(number) {
  asked += 1;
  const turn = asked;
  show(told("checking"));
  const first = desk.cases[0]?.facts ?? {};
  const facts = { ...settings.institution.facts, ...first };
  const { memory_is_complete } = settings.institution;
  const body = { chart_number: number, at: new Date().toISOString(), facts, memory_is_complete };
  try {
    const ruling = await consider("/v1/identity/preview", body);
    if (turn !== asked) return;
    const kind = kindOf(ruling, settings.results);
    if (kind === "free") show(answer("free", "free", "free_more"));
    else if (kind === "open") show(answer("open", "bring", "bring_more"));
    else show(answer("unknown", "ask", "ask_more"));
  } catch (error) {
    if (turn !== asked) return;
    show(told("down"));
    if (error instanceof SignedOut) close();
  }
}

function close() {
  forgetKey();
  readBarcodes("", () => {}, () => {});
  find("#start").hidden = true;
  find("#closed").hidden = false;
}

/* Which documents do by themselves: each is judged as the case that says most of a document says it was shown. */
async function findPapers() {
  const { fact } = settings.means;
  const of = ({ facts }) => Object.entries(facts).filter(([name]) => name in desk.document_inputs);
  const [most] = desk.cases.map(of).sort((one, other) => other.length - one.length);
  const cases = desk.documents.map(({ code }) => ({ id: code, facts: { ...Object.fromEntries(most ?? []), [fact]: code } }));
  const on = dayIn(settings.zone);
  const { results } = await consider(`/v1/decide/${desk.pack}/${desk.tables.document}/batch`, { on, cases });
  const does = new Set(results.filter(({ decision }) => settings.results.accepted.includes(decision?.outcome.result)).map(({ id }) => id));
  return desk.documents.filter(({ code }) => does.has(code));
}

async function papers() {
  let accepted;
  try {
    accepted = await findPapers();
  } catch {
    show(told("down"));
    return;
  }
  const title = ({ title: text }) => text[language] ?? [text.en, text.ko].filter(Boolean).join(" / ");
  show(() => [
    make("h2", {}, say("papers_title")),
    make("ul", { class: "columns" }, ...accepted.map((one) => make("li", {}, title(one)))),
    make("p", {}, say("papers_note")),
  ]);
}

async function open() {
  if (!signedIn()) {
    close();
    return;
  }
  try {
    settings = await read("/v1/desk/settings");
    desk = await read("/v1/identity/desk");
  } catch (error) {
    if (error instanceof SignedOut) close();
    else find("#start").replaceChildren(make("p", { class: "lead" }, say("down")));
    return;
  }
  readBarcodes(settings.institution.barcode_prefix, check, () => show(told("strange")));
  setInterval(() => {
    if (!left) return;
    const rest = Math.ceil((left - Date.now()) / 1000);
    find("#counting").hidden = rest > 10;
    find("#counting").textContent = say("seconds", { n: Math.max(rest, 0) });
    if (rest <= 0) start();
  }, 1000);
  document.addEventListener("pointerdown", () => left && stay(), true);
}

for (const one of all("#languages button")) {
  one.addEventListener("click", () => {
    speak(one.lang);
    if (settings && !left) left = Date.now() + settings.institution.kiosk_seconds * 1000;
  });
}
find("#papers").addEventListener("click", papers);
find("#back").addEventListener("click", start);
useKeys(false);
listen();
open();
