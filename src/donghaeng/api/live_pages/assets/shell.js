/* What every page of staff does: signing in, going from part to part, saying what went wrong, and forgetting. */
import { all, find, say, words } from "./dom.js";
import { holdsIdentifier } from "./identifiers.js";
import { watchIdle } from "./idle.js";
import { listen, readBarcodes, useKeys } from "./keys.js";
import { Down, Identifier, Problem, SignedOut, forgetKey, keepKey, signedIn } from "./service.js";

let page = null;
let views = null;
let stopWatching = () => {};

/** Shows one part of the page. */
export function show(name) {
  for (const one of ["signin", ...page.views]) find(`#${one}`).hidden = one !== name;
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
    if (error instanceof Problem) find("#down").hidden = true;
    if (error instanceof Down) find("#down").hidden = false;
    else if (error instanceof SignedOut) leave(words.key_refused);
    else if (error instanceof Identifier) tell(words.identifier, { alert: true });
    else if (error instanceof Problem) tell(error.told, { alert: true });
    else throw error;
    return undefined;
  }
}

/** Forgets the key and what was looked at, and asks for the key. */
function leave(text = "") {
  stopWatching();
  forgetKey();
  readBarcodes("", () => {}, () => {});
  for (const view of Object.values(views ?? {})) view.clear();
  views = null;
  for (const one of all("input, textarea")) if (!["checkbox", "radio"].includes(one.type)) one.value = "";
  for (const id of ["#views", "#lock", "#idle", "#down"]) find(id).hidden = true;
  if (find("#slip").open) find("#slip").close();
  show("signin");
  tell(text, { alert: Boolean(text) });
  find("#key").focus();
}

/** Opens the page with the key of this tab. */
async function open() {
  const loaded = await attempt(page.load);
  if (!loaded) return;
  const built = page.build(loaded, { attempt, tell, show });
  views = built.views;
  find("#institution").textContent = built.name;
  const strange = () => tell(words.strange_barcode, { alert: true });
  readBarcodes(built.prefix, built.scanned, strange, { any: built.anyBarcode });
  for (const one of all("#views button")) one.closest("li").hidden = (built.closed ?? []).includes(one.dataset.view);
  find("#views").hidden = false;
  find("#lock").hidden = false;
  stopWatching = watchIdle(
    built.idleSeconds,
    (left) => {
      find("#idle").hidden = left === null;
      if (left !== null) find("#idle").textContent = say("idle", { n: left });
    },
    () => leave(words.idle_ended),
  );
  show(page.views[0]);
}

/** Starts a page.

    `views` names its parts, the first of which is shown first. `load` asks the service what the page needs. `build`
    gets that, and gives the parts by name (each with `enter` and `clear`), whose page it is, what its own barcodes
    begin with (or that any will do) and what is done with one, after how many seconds it locks, and the parts that are closed to the key. */
export function startPage({ views: names, load, build }) {
  page = { views: names, load, build };
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
  find("#retry").addEventListener("click", () => (views ? attempt(load) : open()));
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
}
