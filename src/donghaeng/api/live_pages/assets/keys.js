/* Keys and the barcode scanner, which types like a keyboard, only faster.

   A key presses the button that shows it. What comes as fast as only a scanner types is never taken for keys: it is read
   as one's own barcode, or refused. */
import { all, find } from "./dom.js";
import { holdsIdentifier } from "./identifiers.js";

/* People leave more than so many milliseconds between two keys. */
const FAST = 60;
const SHORTEST_SCAN = 4;

/* A Korean input method gives other letters: then the key is known by its place. */
function characterOf({ code, key, shiftKey }) {
  if (/^[!-~ ]$/.test(key)) return key;
  if (/^Key[A-Z]$/.test(code)) return shiftKey ? code[3] : code[3].toLowerCase();
  if (/^(Numpad|Digit)\d$/.test(code) && !shiftKey) return code.at(-1);
  return key.length === 1 ? key : "";
}

const isText = (element) =>
  element instanceof HTMLTextAreaElement ||
  (element instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(element.type));

const shown = (element) => element.getClientRects().length > 0 && !element.disabled;
/* What lies behind a dialog is not pressed. */
const press = (selector) => {
  const front = find("dialog[open]") ?? document;
  const found = all(selector, front).find(shown);
  found?.click();
  return Boolean(found);
};

let prefix = "";
let any = false;
let reads = { own: () => {}, strange: () => {} };
let singleKeys = true;

/** Says what one's own barcodes begin with. With "" nothing is taken for a barcode, or with `any` whatever is scanned. */
export function readBarcodes(own, whenOwn, whenStrange, { any: whatever = false } = {}) {
  prefix = own;
  any = whatever;
  reads = { own: whenOwn, strange: whenStrange };
}

/** Turns keys without a modifier on or off; Enter and Escape stay. */
export function useKeys(on) {
  singleKeys = on;
}

/** Listens to the keyboard. */
export function listen() {
  let burst = "";
  let last = -Infinity;
  let before = "";
  let waiting = null;

  const shortcut = (key) => {
    const quoted = CSS.escape(key.toLowerCase());
    return press(`[data-key="${quoted}"]`);
  };
  const flush = () => {
    if (waiting === null) return;
    clearTimeout(waiting.timer);
    const { key } = waiting;
    waiting = null;
    shortcut(key);
  };

  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const fast = event.timeStamp - last <= FAST;
      const character = characterOf(event);
      if (character) {
        if (!fast && isText(event.target)) before = event.target.value;
        burst = fast ? burst + character : character;
        last = event.timeStamp;
        if (isText(event.target) || event.target instanceof HTMLSelectElement) return;
        if (character === " " || !singleKeys || event.repeat) return;
        if (!prefix && !any) {
          if (shortcut(character)) event.preventDefault();
          return;
        }
        // A scan may have begun: the key waits until it is clear that no other follows at once.
        const alone = !fast && waiting === null;
        if (waiting !== null) clearTimeout(waiting.timer);
        waiting = null;
        if (alone) waiting = { key: character, timer: setTimeout(flush, FAST) };
        return;
      }
      if (event.key === "Shift") return;
      if (event.key === "Enter" || event.key === "Tab") {
        const text = burst;
        burst = "";
        last = -Infinity;
        if ((prefix || any) && fast && text.length >= SHORTEST_SCAN) {
          event.preventDefault();
          event.stopPropagation();
          let scanned = text;
          if (isText(event.target)) {
            // Where the machine was slow for a moment, the field still has the beginning.
            const { value } = event.target;
            if (value.startsWith(prefix) && value.endsWith(text)) scanned = value;
            event.target.value = value.startsWith(prefix) ? "" : before;
          }
          const own = scanned.startsWith(prefix) ? scanned.slice(prefix.length) : "";
          if (/^[!-~]{1,40}$/.test(own) && !holdsIdentifier(own)) reads.own(own);
          else reads.strange();
          return;
        }
        flush();
      }
      burst = "";
      // A key that is held down presses once.
      if (event.key === "Enter" && event.repeat && event.target instanceof HTMLButtonElement) event.preventDefault();
      if (event.key === "Enter" && !event.repeat) {
        const busy = event.target.closest?.("button, a, summary, input, select, textarea");
        if (!busy && press("[data-enter]")) event.preventDefault();
      } else if (event.key === "Escape") {
        if (press("[data-escape]")) event.preventDefault();
      } else if (/^F\d+$/.test(event.key) && press(`[data-key="${event.key}"]`)) {
        event.preventDefault();
      }
    },
    true,
  );
}
