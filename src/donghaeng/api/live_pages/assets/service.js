/* Asking the API. The key stays in this tab, what is sent stands in bodies, and nothing is sent that looks like a
   number of a person. */
import { language } from "./dom.js";
import { holdsIdentifierAnywhere } from "./identifiers.js";

const KEY = "donghaeng.key";
/* After so long the service counts as down. */
const PATIENCE = 10_000;

/** The service cannot be reached, or says that it cannot answer now. */
export class Down extends Error {}
/** The key is missing or no longer valid. */
export class SignedOut extends Error {}
/** What was to be sent looks like a number of a person. */
export class Identifier extends Error {}
/** The service says what is wrong: `told` in words, `code` for programs, and what helps to act on it by name. */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail || document.title || String(status));
    const errors = document.errors ?? [];
    this.status = status;
    this.code = errors[0]?.code ?? "";
    this.details = Object.fromEntries(errors.filter(({ code }) => code === "detail").map(({ name, what }) => [name, what]));
    const faults = errors.map(({ name, what, remedy }) => [name, what, remedy].filter(Boolean).join(": "));
    // A service that words its refusals for persons gives them by language. They may be those of the rule, in English too.
    const own = this.details[language] ?? ("ko" in this.details ? this.message : null);
    this.told = own ?? [this.message, ...faults].join(" ");
  }
}

export const signedIn = () => sessionStorage.getItem(KEY) !== null;
export const keepKey = (key) => sessionStorage.setItem(KEY, key);
export const forgetKey = () => sessionStorage.removeItem(KEY);

/** Gives a new name for a write: the same name twice is one write. Letters only, so that it can be taken for nothing. */
export function newName() {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return [...bytes].map((byte) => String.fromCharCode(97 + (byte % 26))).join("");
}

/** Asks the API; gives the JSON of the answer. */
export async function ask(method, path, body = null, name = null) {
  if (body !== null && holdsIdentifierAnywhere(body)) throw new Identifier();
  const headers = {};
  const key = sessionStorage.getItem(KEY);
  if (key) headers.authorization = `Bearer ${key}`;
  if (body !== null) headers["content-type"] = "application/json";
  if (name !== null) headers["idempotency-key"] = name;
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  let response, answer;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === null ? undefined : JSON.stringify(body),
      signal: stop.signal,
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
    });
    answer = await response.json();
  } catch {
    throw new Down();
  } finally {
    clearTimeout(timer);
  }
  if (response.ok) return answer;
  if (response.status >= 502 && response.status <= 504) throw new Down();
  if (response.status === 401) throw new SignedOut();
  throw new Problem(response.status, answer);
}

/** Reads what is there. */
export const read = (path) => ask("GET", path);
/** Asks about a case without recording anything. */
export const consider = (path, body) => ask("POST", path, body);
/** Records; with the same name again nothing is recorded twice. */
export const record = (path, body, name) => ask("POST", path, body, name);

/** Writes that keep their names until they are answered: the same thing sent again after no answer came, or pressed
    twice, is done once. */
export class Writes {
  constructor() {
    this.open = new Map();
  }

  /** Sends a write; `same` is what makes it the same as one before, where that is not the whole body. */
  send(path, body, same = body) {
    const text = JSON.stringify([path, same]);
    if (!this.open.has(text)) this.open.set(text, { body, name: newName(), answer: null });
    const one = this.open.get(text);
    one.answer ??= record(path, one.body, one.name)
      .finally(() => {
        one.answer = null;
      })
      .then(
        (answer) => {
          this.open.delete(text);
          return answer;
        },
        (error) => {
          if (error instanceof Problem) this.open.delete(text);
          throw error;
        },
      );
    return one.answer;
  }
}
