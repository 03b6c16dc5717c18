/* The page that says which pass pays off: reads the form, has trips.js count, and shows the answer. Words, names and
   rules are copied out of the page. Nothing is sent and nothing is kept. */
"use strict";

(() => {
  const form = document.getElementById("trips");
  if (!form) return;
  const given = JSON.parse(form.dataset.document);
  if (!Object.values(given.tables).every(({ table }) => (globalThis.donghaengRules || {})[`${given.pack}/${table}`])) {
    return;
  }

  const MOST_RIDES = 30;
  const MOST_RIDES_IN_ALL = 1000;
  const FIRST_DAY = "1900-01-01";
  const LAST_DAY = "2099-12-31";

  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const words = {};
  for (const one of all("[data-word]", find("#trips-words").content)) words[one.dataset.word] = one.textContent;
  const say = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  // ── figures and days, as the language of the page writes them ──

  const { locale } = form.dataset;
  const digits = new Intl.NumberFormat(locale);
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
  const day = (text) => dates.format(new Date(`${text}T00:00:00Z`));
  const money = (amount) => say("with_unit", { number: digits.format(amount).replace("-", "−") });
  const range = (least, most) =>
    least === most ? money(least) : say("between", { least: digits.format(least), most: money(most) });
  const written = ({ least, most, open }) => {
    if (open === 0) return range(least, most);
    const rest = say("open", { n: digits.format(open) });
    return most === 0 ? rest : say("and_open", { amount: range(least, most), open: rest });
  };

  // ── reading the form ──

  const controls = form.elements;
  const errorOf = (name) => find(`#trips-${name}-error`);
  const isResident = () => controls.stay.value === "resident";

  /** Shows the words that fit a stay or somebody who lives there. */
  function fit() {
    for (const one of all("[data-for]", form)) one.hidden = (one.dataset.for === "resident") !== isResident();
  }

  function wholeNumber(input, least, most) {
    const text = input.value.trim();
    const number = text === "" ? 0 : Number(text);
    return Number.isInteger(number) && number >= least && number <= most ? number : null;
  }

  /** Gives what was asked; null, with what is wrong beside it, where something cannot be used. */
  function read() {
    let wrong = null;
    const check = (name, input, isGood, text) => {
      const error = errorOf(name);
      error.hidden = isGood;
      error.textContent = isGood ? "" : text;
      input.setAttribute("aria-invalid", String(!isGood));
      if (!isGood) wrong ??= input;
    };
    const first = controls.first.value;
    const found = new Date(`${first}T00:00:00Z`);
    const isDay = !Number.isNaN(found.getTime()) && found.toISOString().startsWith(first) && first !== "";
    check("first", controls.first, isDay && first >= FIRST_DAY && first <= LAST_DAY, words.need_day);
    const days = isResident() ? null : wholeNumber(controls.days, 1, given.most_days);
    const limits = { least: "1", most: digits.format(given.most_days) };
    check("days", controls.days, isResident() || days !== null, say("need_range", limits));
    const rides = {};
    for (const [kind, { by_day }] of Object.entries(given.kinds)) {
      const input = controls[`rides-${kind}`];
      const most = by_day ? (days ?? 31) : isResident() ? MOST_RIDES_IN_ALL : MOST_RIDES;
      rides[kind] = wholeNumber(input, 0, most);
      const text = say("need_range", { least: "0", most: digits.format(most) });
      check(`rides-${kind}`, input, rides[kind] !== null, text);
    }
    const isSomething = wrong !== null || Object.values(rides).some((count) => count > 0);
    check("rides", controls[`rides-${Object.keys(given.kinds)[0]}`], isSomething, words.need_rides);
    if (wrong) {
      wrong.focus();
      return null;
    }
    const [medium, held] = controls.medium.value.split(" ");
    const km = controls.distance?.value ? controls.distance.value.split(" ").map(Number) : null;
    const postpaid = controls.postpaid?.checked ?? false;
    return { first, days, rides, km, category: controls.category.value, medium, newCard: held === "new", postpaid };
  }

  // ── showing the answer ──

  const stage = find("#trips-answer");
  const status = find("#trips-status");
  const name = (id) => given.products[id]?.title ?? words[id];
  /** Names a way to pay; a mix is called after what it is made of. */
  const nameOf = ({ id, pieces, single }) => {
    if (id !== "mix") return name(id);
    const products = [...new Set(pieces.map(({ product }) => product))].map(name);
    return [...products, ...(single.days ? [words.single] : [])].join(" + ");
  };
  const listed = (items) => new Intl.ListFormat(locale, { type: "unit", style: "short" }).format(items);

  /** Copies what the page says of a rule, without ids. */
  function basis(option) {
    const rows = new Map(option.pieces.map((piece) => [piece.row, piece]));
    for (const one of option.rows ?? []) rows.set(one, null);
    const list = make("ul");
    for (const [row, piece] of rows) {
      const said = find(`[data-row="${row}"]`, find("#trips-rows").content);
      if (!said && !piece) continue; // no rule applies
      const item = make("li");
      if (piece) {
        const { product, category, from } = piece;
        const price = given.prices.findLast(
          (one) => one.product === product && one.category === category && one.from <= from,
        );
        item.append(make("p", {}, say("since", { name: name(product), day: day(price.from) })));
      }
      if (said) item.append(...said.cloneNode(true).childNodes);
      list.append(item);
    }
    if (list.children.length === 0) return [];
    return [make("details", {}, make("summary", {}, words.basis), list)];
  }

  /** Puts passes together that follow one another without a gap at the same price. */
  function runs(pieces) {
    const found = [];
    for (const piece of pieces) {
      const before = found.at(-1)?.at(-1);
      const isNext =
        before?.product === piece.product &&
        before.row === piece.row &&
        before.price.most === piece.price.most &&
        donghaengCalendar.daysBetween(before.to, piece.from) === 1;
      if (isNext) found.at(-1).push(piece);
      else found.push([piece]);
    }
    return found;
  }

  function parts(option) {
    const list = make("ul");
    const line = (key, values) => list.append(make("li", {}, say(key, values)));
    for (const run of runs(option.pieces)) {
      const [{ product, from, price, back }] = run;
      const times = run.length;
      const values = { name: name(product), from: day(from), to: day(run.at(-1).to), n: digits.format(times) };
      const amount = range(times * price.least, times * price.most);
      line(times === 1 ? "piece" : "pieces", { ...values, price: amount });
      if (back) line("back", { amount: money(times * back) });
    }
    const { single, beside, card } = option;
    for (const bill of option.bills ?? []) {
      line("bill", { amount: bill ? range(bill.least, bill.most) : words.not_known });
    }
    if (given.products[option.id]?.pays === "postpaid") {
      line("only_with", { name: listed(given.products[option.id].media.map((code) => given.media[code].title)) });
    }
    if (single.days && option.id !== "single") {
      line("single_days", { days: digits.format(single.days), amount: written(single.cost) });
    }
    if (beside.most || beside.open) line("beside", { amount: written(beside) });
    if (card.most) line("card", { amount: money(card.most) });
    return list.children.length > 0 ? [list] : [];
  }

  function against(option) {
    const { saves } = option;
    if (option.id === "single" || !saves) return "–";
    if (saves.least > 0) return say("less", { amount: range(saves.least, saves.most) });
    if (saves.most < 0) return say("more", { amount: range(-saves.most, -saves.least) });
    if (saves.least === 0 && saves.most === 0) return words.same;
    return say("more_or_less", { more: money(-saves.least), less: money(saves.most) });
  }

  function paysOff({ breakEven }) {
    if (!breakEven) return "–";
    const { kind, days, from, surely } = breakEven;
    if (from === null) return words.never;
    const certain = surely === null ? "?" : digits.format(surely);
    const fewest = digits.format(from);
    const number = surely === from ? fewest : say("between", { least: fewest, most: certain });
    return say("from_rides", { n: number, kind: given.kinds[kind].title, days: digits.format(days) });
  }

  function row(option, rides) {
    const kinds = option.uncovered.map((kind) => {
      const title = given.kinds[kind].title;
      return rides[kind] > 0 ? make("strong", {}, title) : title;
    });
    const covered = kinds.flatMap((one, at) => (at ? [", ", one] : [one]));
    const isPass = option.id !== "single";
    const cell = (key, ...content) => make("td", { "data-label": words[key] }, ...content);
    return make(
      "tr",
      { "data-option": option.id },
      make("th", { scope: "row" }, make("span", { class: "name" }, nameOf(option)), ...parts(option), ...basis(option)),
      cell("total", option.total ? written(option.total) : words.not_known),
      cell("against", against(option)),
      cell("pays_off", paysOff(option)),
      cell("not_covered", ...(isPass && covered.length > 0 ? covered : [isPass ? words.all_covered : "–"])),
    );
  }

  function verdict({ options }) {
    const [best] = options;
    const single = options.find(({ id }) => id === "single");
    const values = { name: nameOf(best), total: best.total ? written(best.total) : "", single: written(single.total) };
    if (single.total.most === 0 && single.total.open > 0 && best.id === "single") return say("no_fares", values);
    if (best.id === "single") return say("best_single", values);
    if (best.saves.least > 0) return say("best", { ...values, amount: range(best.saves.least, best.saves.most) });
    return say("depends", values);
  }

  function places(found) {
    const list = make("ul");
    found.places.forEach((byProduct, at) => {
      const shown = found.options.filter(({ id }) => given.products[id]).map(({ id }) => id);
      const meanings = new Map();
      for (const id of shown) meanings.set(byProduct[id], [...(meanings.get(byProduct[id]) ?? []), id]);
      const said = [...meanings].map(([meaning, ids]) => {
        const text = words[`right_${meaning}`] ?? words.right_unknown;
        return meanings.size === 1 ? text : say("right_of", { right: text, names: listed(ids.map(name)) });
      });
      list.append(make("li", {}, say("place", { name: given.places[at].title, right: said.join("; ") })));
    });
    return list;
  }

  function caveats(found, asked) {
    const list = make("ul");
    const line = (text) => list.append(make("li", {}, text));
    for (const name of given.left_out) line(words[`left_out_${name}`]);
    const grows = Object.keys(given.kinds).some((kind) => given.kinds[kind].grows && asked.rides[kind] > 0);
    if (grows && asked.km === null) {
      line(say("distance_open", { km: digits.format(given.distances_km.at(-1)) }));
    }
    if (asked.days === null) line(words.spread);
    if (given.categories[asked.category].verified) line(words.proof);
    const shown = new Set(found.options.flatMap(({ id, pieces }) => [id, ...pieces.map(({ product }) => product)]));
    for (const { text, products } of given.notes) {
      if (products.length === 0 || products.some((product) => shown.has(product))) line(text);
    }
    return list;
  }

  function show(found, asked) {
    const heads = ["option", "total", "against", "pays_off", "not_covered"];
    const title = make("h3", { tabindex: "-1" }, verdict(found));
    const when = { first: day(found.first), last: day(found.last), days: digits.format(found.days) };
    const table = make(
      "table",
      { class: "rules trips-options" },
      make("caption", { id: "trips-caption" }, say("caption", when)),
      make("thead", {}, make("tr", {}, ...heads.map((key) => make("th", { scope: "col" }, words[key])))),
      make("tbody", {}, ...found.options.map((option) => row(option, asked.rides))),
    );
    const region = { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "trips-caption" };
    const content = [title, make("div", region, table)];
    if (given.places.length > 0) content.push(make("h3", {}, words.where), places(found));
    const known = caveats(found, asked);
    if (known.children.length > 0) content.push(make("h3", {}, words.know), known);
    content.push(make("p", { class: "small" }, words.as_of));
    stage.replaceChildren(...content);
    stage.dataset.answer = JSON.stringify(found);
    stage.hidden = false;
    status.textContent = title.textContent;
    title.focus();
  }

  form.addEventListener("change", fit);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = read();
    if (asked === null) return;
    const found = globalThis.donghaengTraveller.compare(given, asked);
    if (found) show(found, asked);
  });
  find("#trips-today").addEventListener("click", () => {
    const now = new Date();
    const pad = (number) => String(number).padStart(2, "0");
    controls.first.value = `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
  });
  fit();
  find("#trips-absent").hidden = true;
  form.hidden = false;
})();
