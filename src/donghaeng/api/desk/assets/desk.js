/* The clerk's page: signing in, one patient after the other, and forgetting each of them. */
import { all, find, say, words } from "./dom.js";
import { holdsIdentifier } from "./identifiers.js";
import { watchIdle } from "./idle.js";
import { listen, readBarcodes, useKeys } from "./keys.js";
import { Check } from "./check.js";
import { Later } from "./later.js";
import { Tomorrow } from "./tomorrow.js";
import { preparePaper } from "./paper.js";
import { Down, Identifier, Problem, SignedOut, forgetKey, keepKey, read, signedIn } from "./service.js";

const VIEWS = ["check", "later", "tomorrow", "paper"];
let stopWatching = () => {};
let views = null;

/** Shows one part of the page. */
function show(name) {
  for (const one of ["signin", ...VIEWS]) find(`#${one}`).hidden = one !== name;
  for (const one of all("#views button")) {
    if (one.dataset.view === name) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  tell("");
  if (views?.[name]) views[name].enter();
  else find(`#${name} h1`)?.focus();
}

/** Says something once, on the page and to who listens to it. */
export function tell(text, { alert = false } = {}) {
  const place = find("#told");
  place.textContent = text;
  place.hidden = !text;
  place.classList.toggle("alert", alert);
}

/** Does something that asks the service, and says what went wrong. Gives what came of it, undefined where it failed. */
export async function attempt(act) {
  try {
    const result = await act();
    find("#down").hidden = true;
    return result;
  } catch (error) {
    if (error instanceof Down) find("#down").hidden = false;
    else if (error instanceof SignedOut) leave(words.key_refused);
    else if (error instanceof Identifier) tell(words.identifier, { alert: true });
    else if (error instanceof Problem) tell([error.message, ...error.faults].join(" "), { alert: true });
    else throw error;
    return undefined;
  }
}

/** Forgets the key and the patient, and asks for the key. */
function leave(text = "") {
  stopWatching();
  forgetKey();
  readBarcodes("", () => {}, () => {});
  for (const view of Object.values(views ?? {})) view.clear();
  views = null;
  for (const one of all("input, textarea")) if (!["checkbox", "radio"].includes(one.type)) one.value = "";
  find("#views").hidden = true;
  find("#lock").hidden = true;
  find("#idle").hidden = true;
  find("#down").hidden = true;
  show("signin");
  tell(text, { alert: Boolean(text) });
  find("#key").focus();
}

/** Opens the desk with the key of this tab. */
async function open() {
  const settings = await attempt(() => read("/v1/desk/settings"));
  const desk = settings && (await attempt(() => read("/v1/identity/desk")));
  if (!desk) return;
  const around = { settings, desk, attempt, tell, show };
  views = { check: new Check(around), later: new Later(around), tomorrow: new Tomorrow(around) };
  preparePaper(around);
  const { barcode_prefix: prefix, idle_seconds: seconds, name } = settings.institution;
  find("#institution").textContent = name;
  find("#scan-help").textContent = prefix ? words.scan_help : words.scan_off;
  readBarcodes(
    prefix,
    (number) => {
      show("check");
      views.check.begin(number);
    },
    () => tell(words.strange_barcode, { alert: true }),
  );
  find("#views").hidden = false;
  find("#lock").hidden = false;
  stopWatching = watchIdle(
    seconds,
    (left) => {
      find("#idle").hidden = left === null;
      if (left !== null) find("#idle").textContent = say("idle", { n: left });
    },
    () => leave(words.idle_ended),
  );
  show("check");
}

/* What looks like a number of a person is gone before anything else sees it. */
document.addEventListener(
  "input",
  (event) => {
    const { target } = event;
    if (!("value" in target) || target.id === "key" || !holdsIdentifier(target.value)) return;
    target.value = "";
    tell(words.identifier, { alert: true });
  },
  true,
);

find("#signin form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const key = find("#key").value.trim();
  if (!/^[!-~]{8,200}$/.test(key)) return tell(words.key_wanted, { alert: true });
  find("#key").value = "";
  keepKey(key);
  return open();
});
find("#lock").addEventListener("click", () => leave());
find("#retry").addEventListener("click", () => (views ? attempt(() => read("/v1/desk/settings")) : open()));
find("#to-paper").addEventListener("click", () => show("paper"));
find("#single-keys").addEventListener("change", ({ target }) => useKeys(target.checked));
for (const one of all("#views button")) one.addEventListener("click", () => show(one.dataset.view));
// A place in the page makes no entry in the history.
find(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  find("#main").focus();
});
// A page that comes out of the browser's memory shows nothing of before.
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

listen();
if (signedIn()) open();
else leave();
