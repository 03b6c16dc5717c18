/* Numbers that identify a person, found before anything is sent. The same forms as in donghaeng/identifiers.py, which
   refuses them again; a test holds the two against each other. */

/* A text is read character by character before it is searched. */
const DASHES = "_\u2212\u30fc\u3161\u4e00\u2500\u2501\u2043";
const SEPARATORS = "~\u223c\uff5e\u00b7\u2022\u2219\u22c5\u2027\u318d\u30fb\uff65\uff0e\u3002\uff61";
const UNSEEN_LETTERS = "\u115f\u1160\u3164\uffa0\u2800";
const ENDS_OF_LINES = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029";

/* Digits of a script stand in rows of ten, and such rows may follow each other. */
function digitOf(character) {
  let code = character.codePointAt(0);
  const own = code;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(code - 1))) code -= 1;
  return String((own - code) % 10);
}

function readAs(character) {
  if (/^\p{Nd}$/u.test(character)) return digitOf(character);
  if (ENDS_OF_LINES.includes(character)) return "\n";
  if (/^\p{Pd}$/u.test(character) || DASHES.includes(character)) return "-";
  if (SEPARATORS.includes(character)) return ".";
  if (/^\p{Zs}$/u.test(character) || character === "\t") return " ";
  if (/^[\p{Cf}\p{Mn}\p{Me}\p{Cc}\p{Cs}\p{Co}\p{Cn}]$/u.test(character) || UNSEEN_LETTERS.includes(character)) {
    return "\0";
  }
  const plain = character.normalize("NFKC").toUpperCase();
  return /^[\0-\x7f]$/.test(plain) && !/[0-9]/.test(plain) ? plain : character;
}

/* Symbols of the forms below. After each may stand what cannot be seen. */
const SYMBOLS = { "#": "[0-9]", "@": "[A-Z]", "~": "-", _: " ", "%": "[-.]", "=": "[-. ]" };

function form(text, before = "(?<![0-9])", after = "(?![0-9])") {
  const expanded = [...text].map((one) => (one in SYMBOLS ? `(?:${SYMBOLS[one]}\\x00*)` : one)).join("");
  return new RegExp(`${before}(?=(?<whole>${expanded})${after})`, "g");
}

const ALONE = ["(?<![A-Z0-9])", "(?![A-Z0-9])"];

const REGISTRATION = [
  form("(?<day>######)={0,6}(?<sex>#)~?######"),
  form("(?<day>#_?#_?#_?#_?#_?#)_{0,3}~{1,3}_{0,3}(?<sex>#)_?~?_?#_?#_?#_?#_?#_?#"),
  form("(?<day>#_#_#_#_#_#)_(?<sex>#)_#_#_#_#_#_#"),
  form("(?<century>(?:##)?)(?<day>##%##%##)_?~{1,3}_?(?<sex>#)######"),
  form("(?<century>##)(?<day>######)_?~{1,3}_?(?<sex>#)######"),
];
const CENTURIES = { 1: "19", 2: "19", 5: "19", 6: "19", 3: "20", 4: "20", 7: "20", 8: "20", 9: "18", 0: "18" };
const DAYS_OF_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const PASSPORT = form("[MSRGD]\\x00*(?<number>########)", ...ALONE);
const PASSPORT_SINCE_2021 = form("[MSRGD]\\x00*###@####", ...ALONE);
const LICENCE = form("(?<region>##)={1,3}##={1,3}######={1,3}##");
const LICENCE_OF_A_NAMED_REGION = form(
  "(?:서울|부산|대구|인천|광주|대전|울산|세종|경기|경기남부|경기북부|강원|충북|충남|전북|전남|경북|경남|제주)" +
    "={0,3}##={1,3}######={0,3}##",
  "",
);
const CARD = form("[1-9]\\x00*~##########", "(?<![0-9+])");

/* What is too common to be found by itself, but not beside a word. */
const WORD_BEFORE = 24;
const BESIDE_A_WORD = [
  [/PASSPORT|여권/, form("@{1,2}={0,3}#(?:[0-9A-Z]\\x00*){5,8}", ...ALONE)],
  [/LICEN[CS]E|면허/, form("(?:##={0,3}##={0,3}|##={1,3})######={0,3}##")],
  [
    /보험증|건강보험번호|INSURANCE (?:CARD|N)/,
    form("[1-9]\\x00*={0,3}##########", "(?<![0-9])", "(?![0-9])(?! ?원)"),
  ],
];

const SIX_DIGITS = /(?:[0-9][^0-9]*){6}/;
const digits = (text) => text.replace(/[^0-9]/g, "");

function canBeRegistration({ day, sex, century = "" }) {
  const written = digits(day);
  const [year, month, ofMonth] = [0, 2, 4].map((place) => Number(written.slice(place, place + 2)));
  if (month < 1 || month > 12 || ofMonth < 1 || ofMonth > DAYS_OF_MONTHS[month - 1]) return false;
  if (month === 2 && ofMonth === 29 && year % 4) return false;
  return !digits(century) || digits(century) === CENTURIES[sex[0]];
}

/* Eight digits that read as a day from 1900 to 2099 are a version, not a passport. */
function isDay(written) {
  const [year, month, ofMonth] = [written.slice(0, 4), written.slice(4, 6), written.slice(6)].map(Number);
  const day = new Date(Date.UTC(year, month - 1, ofMonth));
  return year >= 1900 && year <= 2099 && day.getUTCMonth() === month - 1 && day.getUTCDate() === ofMonth;
}

/** The sources of the patterns, for the test that holds them against those of the API. */
export const sources = [
  ...REGISTRATION,
  PASSPORT,
  PASSPORT_SINCE_2021,
  LICENCE,
  LICENCE_OF_A_NAMED_REGION,
  CARD,
  ...BESIDE_A_WORD.map(([, one]) => one),
].map((one) => one.source);

/** Says whether a text holds what looks like a number of a person. */
export function holdsIdentifier(text) {
  const plain = [...text].map(readAs).join("");
  if (!SIX_DIGITS.test(plain)) return false;
  const found = (pattern, fits = () => true) => [...plain.matchAll(pattern)].some(fits);
  return (
    REGISTRATION.some((pattern) => found(pattern, ({ groups }) => canBeRegistration(groups))) ||
    found(LICENCE, ({ groups }) => Number(digits(groups.region)) >= 11 && Number(digits(groups.region)) <= 28) ||
    found(LICENCE_OF_A_NAMED_REGION) ||
    found(PASSPORT, ({ groups }) => !isDay(digits(groups.number))) ||
    found(PASSPORT_SINCE_2021) ||
    found(CARD) ||
    BESIDE_A_WORD.some(([word, pattern]) =>
      found(pattern, ({ index }) => word.test(plain.slice(Math.max(0, index - WORD_BEFORE), index).split("\n").pop())),
    )
  );
}

/** Says whether a value that is to be sent holds such a number anywhere; days of facts are no numbers. */
export function holdsIdentifierAnywhere(value) {
  if (typeof value === "string") return holdsIdentifier(value);
  if (typeof value === "number") return Math.abs(value) >= 1e12 && holdsIdentifier(String(Math.abs(value)));
  if (Array.isArray(value)) return value.some(holdsIdentifierAnywhere);
  if (value && typeof value === "object") return Object.values(value).some(holdsIdentifierAnywhere);
  return false;
}
