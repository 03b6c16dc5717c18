// What the printed scripts of decision tables (rules/javascript.py) share. It says what rules/decide.py, asking.py and
// partition.py say, on the same cases; tests compare them. It needs civil_calendar/calendar.js.
//
// A value is true or false, a number, a text (codes, and days such as "2024-02-29", whose order is that of time), or a
// sorted list of codes. What is not known is an Unknown, which carries the inputs whose answers are missing behind it.
const donghaengRuntime = ((calendar) => {
  "use strict";

  const EARLIEST = "1900-01-01";
  const LATEST = "2100-12-31";
  const MILLISECONDS_OF_A_DAY = 86400000;
  const LARGEST_NUMBER = 10 ** 15;
  const UNDETERMINED = "undetermined";

  // --- Values

  class Unknown {
    constructor(needs) {
      this.needs = needs;
    }
  }

  // Unknown whatever is asked: a dated value that nobody knows, a day beyond the calendar, a division by zero.
  const nobodyKnows = new Unknown([]);
  const isUnknown = (value) => value instanceof Unknown;

  // Gives null where all values are known.
  const unknownOf = (values) => {
    const found = values.filter(isUnknown);
    if (found.length < 2) return found.length === 0 ? null : found[0];
    return new Unknown([...new Set(found.flatMap((one) => one.needs))]);
  };

  const whenKnown =
    (operation) =>
    (...values) =>
      unknownOf(values) ?? operation(...values);

  // A number that is no whole number below 2 ** 53: units / 10 ** places. No number is a fraction in base two.
  class Exact {
    constructor(units, places) {
      this.units = units;
      this.places = places;
    }
  }

  const number = (units, places) => {
    while (places > 0 && units % 10n === 0n) {
      units /= 10n;
      places -= 1;
    }
    const small = Number(units);
    return places === 0 && Number.isSafeInteger(small) ? small : new Exact(units, places);
  };

  const decimal = (text) => {
    const [, sign, whole, part = ""] = /^([-+]?)([0-9]*)\.?([0-9]*)$/.exec(text);
    const units = BigInt(whole + part);
    return number(sign === "-" ? -units : units, part.length);
  };

  const placesOf = (value) => (value instanceof Exact ? value.places : 0);
  const unitsOf = (value, places) =>
    value instanceof Exact
      ? value.units * 10n ** BigInt(places - value.places)
      : BigInt(value) * 10n ** BigInt(places);

  const inUnits = (one, other, operation) => {
    const places = Math.max(placesOf(one), placesOf(other));
    return operation(unitsOf(one, places), unitsOf(other, places), places);
  };

  // Whole numbers below 2 ** 53 are computed as they are; a result that is not safe is computed again with BigInt.
  const arithmetic = (quick, exact) =>
    whenKnown((one, other) => {
      const result = typeof one === "number" && typeof other === "number" ? quick(one, other) : NaN;
      return Number.isSafeInteger(result) ? result : exact(one, other);
    });

  const plus = arithmetic(
    (one, other) => one + other,
    (one, other) => inUnits(one, other, (left, right, places) => number(left + right, places)),
  );
  const minus = arithmetic(
    (one, other) => one - other,
    (one, other) => inUnits(one, other, (left, right, places) => number(left - right, places)),
  );
  const times = arithmetic(
    (one, other) => one * other,
    (one, other) => {
      const [left, right] = [placesOf(one), placesOf(other)];
      return number(unitsOf(one, left) * unitsOf(other, right), left + right);
    },
  );

  // Below zero, zero or above zero, as one comes before, with or after the other.
  const order = (one, other) => {
    if (one instanceof Exact || other instanceof Exact) {
      return inUnits(one, other, (left, right) => (left < right ? -1 : left > right ? 1 : 0));
    }
    return one < other ? -1 : one > other ? 1 : 0;
  };

  const choice = (better) =>
    whenKnown((...values) => values.reduce((best, one) => (better(order(one, best)) ? one : best)));

  // of * part / whole in whole numbers; half rounds away from zero.
  const share = (of, part, whole, round) => {
    const unknown = unknownOf([of, part, whole]);
    if (unknown !== null) return unknown;
    const divisor = unitsOf(whole, 0);
    if (divisor === 0n) return nobodyKnows;
    const product = unitsOf(of, 0) * unitsOf(part, 0);
    const negative = product < 0n !== divisor < 0n;
    const size = (value) => (value < 0n ? -value : value);
    let quotient = size(product) / size(divisor);
    const rest = size(product) % size(divisor);
    if (round === "half_up" ? 2n * rest >= size(divisor) : rest > 0n && (round === "up") !== negative) quotient += 1n;
    return number(negative ? -quotient : quotient, 0);
  };

  const same = (one, other) => {
    if (Array.isArray(one) && Array.isArray(other)) {
      return one.length === other.length && one.every((item, place) => same(item, other[place]));
    }
    if (one instanceof Exact && other instanceof Exact) return order(one, other) === 0;
    return one === other;
  };

  const plain = (value) => {
    if (Array.isArray(value)) return value.map(plain);
    if (value instanceof Exact) return Number(`${value.units}e-${value.places}`);
    return typeof value === "number" ? value + 0 : value; // no -0
  };

  // --- Conditions

  const and = (...parts) => (parts.includes(false) ? false : (unknownOf(parts) ?? true));
  const or = (...parts) => (parts.includes(true) ? true : (unknownOf(parts) ?? false));

  // --- Days

  const dayOf = (text) => Date.parse(`${text}T00:00:00Z`) / MILLISECONDS_OF_A_DAY;
  const textOf = (day) => new Date(day * MILLISECONDS_OF_A_DAY).toISOString().slice(0, 10);
  const isKnownDay = (text) => EARLIEST <= text && text <= LATEST;

  // The table of moved days that calendar.js takes, out of the days that do not follow the week.
  const movedDays = ({ first, last, weekend, closed, open }) => {
    const make = () => {
      const days = {};
      const [shut, kept] = [new Set(closed), new Set(open)];
      let next = null;
      for (let day = dayOf(last); day >= dayOf(first); day -= 1) {
        const text = textOf(day);
        const free = weekend.includes(new Date(day * MILLISECONDS_OF_A_DAY).getUTCDay());
        if (shut.has(text) || (free && !kept.has(text))) days[text] = next;
        else next = text;
      }
      return days;
    };
    let made = null;
    return {
      first,
      last,
      get days() {
        return (made ??= make());
      },
    };
  };

  const lastDay = (start, period) => {
    const unknown = unknownOf([start, ...Object.values(period)]);
    if (unknown !== null) return unknown;
    try {
      const last = calendar.lastDay(start, period);
      return isKnownDay(last) ? last : nobodyKnows;
    } catch (error) {
      if (error instanceof RangeError) return nobodyKnows; // the holidays of that day are not known
      throw error;
    }
  };

  const within = (start, day, period) => {
    const last = lastDay(start, period);
    return unknownOf([start, day, last]) ?? (start <= day && day <= last);
  };

  // --- One case

  const row = (id, when, then, certain = true) => ({ id, when, then, certain });
  const disputed = (id, when, then) => row(id, when, then, false);
  // `days` names what a calculation reads that grows with each of its days.
  const fact = (name, get, days = [], isPeriod = false) => ({ name, get, days, isPeriod });
  const period = (name, get, days) => fact(name, get, days, true);

  const lastUpTo = (pairs, day) => {
    let found = pairs[0][1];
    for (const [first, given] of pairs) if (first <= day) found = given;
    return found;
  };

  // Timelines give the place of a segment from a day on; which timeline counts depends on what was known.
  const segmentOf = (table, on, knownOn) => {
    const timeline = knownOn === null ? table.now : lastUpTo(table.known, knownOn);
    return table.segments[lastUpTo(table.timelines[timeline], on)];
  };

  const derive = (table, segment, given) => {
    const facts = Object.create(null);
    for (const name of Object.keys(table.inputs)) facts[name] = given[name];
    facts.on = given.on;
    facts.knownOn = given.knownOn; // no fact has a name with a capital letter
    for (const place of segment.facts) facts[table.facts[place].name] = table.facts[place].get(facts);
    return facts;
  };

  // Fields by name; null where a value of the row is unknown.
  const outcomeOf = (table, values) => {
    if (unknownOf(Object.values(values)) !== null) return null;
    return Object.fromEntries(table.fields.map((name) => [name, Object.hasOwn(values, name) ? values[name] : null]));
  };

  const undetermined = (candidates) => {
    const found = new Set();
    for (const { holds, values } of candidates) {
      for (const value of [holds, ...Object.values(values)]) {
        if (isUnknown(value)) value.needs.forEach((name) => found.add(name));
      }
    }
    let reason = "no_rule";
    if (found.size > 0) reason = "missing_facts";
    else if (candidates.some((one) => !one.row.certain)) reason = "unknown_rule";
    else if (candidates.some((one) => one.outcome === null || isUnknown(one.holds))) reason = "unknown_value";
    return { outcome: null, reason, rows: candidates.map((one) => one.row.id), missing: [...found] };
  };

  const allThatHold = (table, candidates) => {
    if (candidates.some((one) => !one.surely || one.outcome === null)) return undetermined(candidates);
    const sum = (values) => values.filter((value) => value !== null).reduce((total, one) => plus(total, one), 0);
    const outcome = {};
    for (const name of table.fields) {
      const given = candidates.map((one) => one.outcome[name]);
      if (table.hit === "collect") outcome[name] = given;
      else outcome[name] = name === "result" ? table.result : sum(given);
    }
    const rows = candidates.map((one) => one.row.id);
    return { outcome, reason: rows.length > 0 ? rows[0] : "no_rule", rows, missing: [] };
  };

  // The rows that may decide the case, and whether one of them certainly applies.
  const candidatesOf = (table, examined) => {
    const may = examined.filter((one) => one.holds !== false);
    const sure = may.filter((one) => one.surely);
    if (table.hit !== "unique") {
      return sure.length > 0 ? [may.slice(0, may.indexOf(sure[0]) + 1), sure[0]] : [may, null];
    }
    const settled = sure.length === 1;
    const doubtful = may.filter((one) => !one.surely && !(settled && one.row.certain));
    return [[...sure, ...doubtful], settled ? sure[0] : null];
  };

  // `given` has a value or an Unknown for every input, the day, and the day whose knowledge counts.
  const answer = (table, given) => {
    const segment = segmentOf(table, given.on, given.knownOn);
    const facts = derive(table, segment, given);
    const examined = segment.rows.map((place) => {
      const holds = table.rows[place].when(facts);
      return { row: table.rows[place], holds, surely: holds === true && table.rows[place].certain };
    });
    const [candidates, decisive] =
      table.hit === "collect" || table.hit === "sum"
        ? [examined.filter((one) => one.holds !== false), null]
        : candidatesOf(table, examined);
    for (const one of candidates) {
      one.values = one.row.then(facts);
      one.outcome = outcomeOf(table, one.values);
    }
    if (table.hit === "collect" || table.hit === "sum") return allThatHold(table, candidates);
    const first = decisive === null ? null : candidates[0].outcome;
    const agree = (one) => one.outcome !== null && table.fields.every((name) => same(one.outcome[name], first[name]));
    if (first === null || !candidates.every(agree)) return undetermined(candidates);
    return { outcome: first, reason: decisive.row.id, rows: [decisive.row.id], missing: [] };
  };

  const lookup = (table, outcome, facts) => {
    const found = answer(table, facts);
    return found.outcome === null ? new Unknown(found.missing) : (found.outcome[outcome] ?? nobodyKnows);
  };

  // --- The order of asking

  const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);

  // The first day on which something holds that goes on holding.
  const firstDay = (holds) => {
    let [low, high] = [dayOf(EARLIEST), dayOf(LATEST)];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (holds(textOf(middle))) high = middle;
      else low = middle + 1;
    }
    return textOf(low);
  };

  // A value; at a limit of the days the last that is known.
  const knownNear = (value, day) => {
    const step = day === EARLIEST ? 100 : -100;
    for (let at = dayOf(day); isKnownDay(textOf(at)); at += step) {
      const given = value(textOf(at));
      if (!isUnknown(given)) return given;
    }
    return 0;
  };

  // The days on which a derived fact comes to one of the constants that it is compared with, or goes past it.
  const crossings = (one, name, constants, known) => {
    const value = (day) => one.get(Object.assign(Object.create(null), known, { [name]: day }));
    if (one.isPeriod) {
      const other = known[one.days[1]];
      if (name !== one.days[0] || other === undefined) return [];
      return [other, firstDay((day) => value(day) === true || day > other)];
    }
    const rising = order(knownNear(value, EARLIEST), knownNear(value, LATEST)) <= 0;
    const crossing = (constant, touches) =>
      firstDay((day) => {
        const given = value(day);
        if (isUnknown(given)) return day > "2000-01-01";
        const placed = order(given, constant);
        return (touches === rising ? placed >= 0 : placed > 0) === rising;
      });
    return constants.flatMap((constant) => [crossing(constant, true), crossing(constant, false)]);
  };

  // The days to try for the inputs that are days: those of the conditions, and those at which a derived fact changes.
  const daysToTry = (table, segment, known) => {
    const found = Object.create(null);
    const lookups = table.tables.map((other) => [other, segmentOf(other, known.on, known.knownOn)]);
    for (const [part, inForce] of [[table, segment], ...lookups]) {
      for (const one of inForce.facts.map((place) => part.facts[place])) {
        const free = one.days.filter((name) => known[name] === undefined);
        if (free.length !== 1 || !Object.hasOwn(part.inputs, free[0])) continue;
        const constants = own(table.asking[segment.asking].crossed, one.name) ?? [];
        (found[free[0]] ??= []).push(known.on, ...crossings(one, free[0], constants, known));
      }
    }
    return found;
  };

  // The numbers at which a calculation of one open input comes to the constant that it is compared with.
  const numbersToTry = (table, segment, given) => {
    const found = Object.create(null);
    const facts = derive(table, segment, given);
    for (const { names, get, at } of table.asking[segment.asking].solved) {
      const open = names.filter((name) => facts[name] === undefined || isUnknown(facts[name]));
      if (open.length !== 1 || !Object.hasOwn(table.inputs, open[0])) continue;
      const [start, next, last] = [0, 1, 2].map((value) => get({ ...facts, [open[0]]: value }));
      if (unknownOf([start, next, last]) !== null) continue;
      const step = minus(next, start);
      if (order(step, 0) === 0 || order(step, minus(last, next)) !== 0) continue;
      const solution = inUnits(minus(at, start), step, (left, right) => number(left / right, 0)); // towards zero
      (found[open[0]] ??= []).push(minus(solution, 1), solution, plus(solution, 1));
    }
    return found;
  };

  const daysAround = (days, reach) => {
    const found = new Set();
    for (const day of days.length > 0 ? days : ["2000-01-01"]) {
      for (let step = -reach; step <= reach; step += 1) found.add(textOf(dayOf(day) + step));
    }
    return [...found].filter(isKnownDay);
  };

  const lowestOf = (type) => type.least ?? -LARGEST_NUMBER;
  const highestOf = (type) => type.most ?? LARGEST_NUMBER;

  const isInRange = (value, type) => order(value, lowestOf(type)) >= 0 && order(value, highestOf(type)) <= 0;

  const numbersAround = (numbers, reach, type) => {
    const isDecimal = type.kind === "decimal";
    const step = isDecimal ? number(1n, type.places) : 1;
    const whole = (value) => number(unitsOf(value, placesOf(value)) / 10n ** BigInt(placesOf(value)), 0);
    const ofType = (value) => (isDecimal ? value : whole(value));
    const zero = order(lowestOf(type), 0) > 0 ? lowestOf(type) : 0;
    const atMostHighest = (value) => (order(value, highestOf(type)) > 0 ? highestOf(type) : value);
    if (numbers.length === 0 && reach === 1) return [ofType(atMostHighest(zero))];
    const start = numbers.length > 0 ? numbers : [atMostHighest(plus(zero, times(reach, step)))];
    const found = new Map(); // by its digits, since equal Exacts are different objects
    for (const value of start) {
      for (let change = -reach; change <= reach; change += 1) {
        const one = plus(value, times(change, step));
        found.set(one instanceof Exact ? `${one.units}e-${one.places}` : one, one);
      }
    }
    const inside = [...found.values()].filter((value) => isInRange(value, type));
    return inside.length > 0 ? inside.map(ofType) : [lowestOf(type)];
  };

  const ranksOf = (table, segment, known, given, missing) => {
    const days = daysToTry(table, segment, known);
    const numbers = numbersToTry(table, segment, given);
    const toTry = (name) => {
      const type = table.inputs[name];
      const tried = own(table.asking[segment.asking].tried, name);
      if (type.kind === "boolean") return [true, false];
      if (type.kind === "code" || type.kind === "codes") return tried;
      const { at = [], reach = 1 } = tried ?? {};
      if (type.kind === "date") return daysAround([...at, ...(days[name] ?? [])], reach);
      return numbersAround([...at, ...(numbers[name] ?? [])], reach, type);
    };
    return missing.map((name, place) => {
      const answers = toTry(name).map((value) => answer(table, { ...given, [name]: value }));
      const settled = answers.filter((one) => one.outcome !== null).length;
      const left = answers.reduce((sum, one) => sum + one.missing.length, 0);
      const personal = table.inputs[name].personal ? 1 : 0;
      return { name, rank: [-settled / answers.length, personal, left / answers.length, place] };
    });
  };

  // The input whose answer settles most cases first; then what says nothing personal; then the one that leaves fewer
  // questions; then as in the table.
  const inOrderOfAsking = (table, known, given, missing) => {
    if (missing.length < 2) return missing;
    const ranks = ranksOf(table, segmentOf(table, given.on, given.knownOn), known, given, missing);
    const compare = (one, other) => {
      const differs = one.rank.findIndex((value, place) => value !== other.rank[place]);
      return one.rank[differs] - other.rank[differs];
    };
    return ranks.sort(compare).map((one) => one.name);
  };

  // --- What is given

  const inRange = (value, type) => {
    if (!isInRange(value, type)) throw new RangeError("the number is out of range");
    return value;
  };

  const code = (value, type) => {
    if (typeof value !== "string") throw new TypeError("expected a code");
    if (!type.codes.includes(value)) throw new RangeError("the code is not known");
    return value;
  };

  const day = (value) => {
    if (typeof value !== "string") throw new TypeError("expected a day in the form 2024-02-29");
    calendar.year(value); // throws a RangeError
    return value;
  };

  const whole = (value, type) => {
    if (!Number.isInteger(value)) throw new TypeError("expected a whole number");
    return inRange(value, type);
  };

  const readers = {
    boolean: (value) => {
      if (typeof value !== "boolean") throw new TypeError("expected true or false");
      return value;
    },
    integer: whole,
    money: whole,
    decimal: (value, type) => {
      if (typeof value !== "number" && typeof value !== "string") throw new TypeError("expected a number");
      const text = String(value);
      if (!/^[-+]?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})$/.test(text)) throw new RangeError("no such number");
      const found = inRange(decimal(text), type);
      if (placesOf(found) > type.places) throw new RangeError(`more than ${type.places} decimal places`);
      return found;
    },
    date: day,
    code,
    codes: (value, type) => {
      if (!Array.isArray(value)) throw new TypeError("expected a list of codes");
      return [...new Set(value.map((one) => code(one, type)))].sort();
    },
  };

  // The message names the input, never the value: it may be a person's.
  const told = (name, read) => {
    try {
      return read();
    } catch (error) {
      throw new error.constructor(`${name}: ${error.message}`);
    }
  };

  const checked = (table, facts) => {
    if (typeof facts !== "object" || facts === null || Array.isArray(facts)) {
      throw new TypeError("facts: expected an object of values by name");
    }
    if (!Object.keys(facts).every((name) => Object.hasOwn(table.inputs, name))) {
      throw new TypeError("facts: a name that is no input of the table");
    }
    const known = Object.create(null);
    for (const [name, type] of Object.entries(table.inputs)) {
      const value = Object.hasOwn(facts, name) ? facts[name] : null;
      if (value !== null && value !== undefined) known[name] = told(name, () => readers[type.kind](value, type));
    }
    return known;
  };

  const decide = (table, on, facts, knownOn) => {
    const known = checked(table, facts);
    known.on = told("on", () => day(on));
    known.knownOn = knownOn === null ? null : told("knownOn", () => day(knownOn));
    const given = Object.create(null);
    for (const name of Object.keys(table.inputs)) given[name] = known[name] ?? new Unknown([name]);
    Object.assign(given, known);
    const found = answer(table, given);
    const outcome = {};
    for (const name of table.fields) outcome[name] = found.outcome === null ? null : plain(found.outcome[name]);
    if (found.outcome === null) outcome.result = UNDETERMINED;
    const missing = Object.keys(table.inputs).filter((name) => found.missing.includes(name));
    return {
      outcome,
      reason: found.reason,
      rows: found.rows,
      missing: inOrderOfAsking(table, known, given, missing),
    };
  };

  const register = (id, table) => {
    globalThis.donghaengRules ??= Object.create(null);
    globalThis.donghaengRules[id] = Object.freeze({
      inputs: Object.freeze(Object.keys(table.inputs)),
      decide: (on, facts, knownOn = null) => decide(table, on, facts, knownOn),
    });
  };

  return Object.freeze({
    and,
    or,
    not: whenKnown((part) => !part),
    equal: whenKnown((one, other) => order(one, other) === 0),
    differ: whenKnown((one, other) => order(one, other) !== 0),
    less: whenKnown((one, other) => order(one, other) < 0),
    atMost: whenKnown((one, other) => order(one, other) <= 0),
    more: whenKnown((one, other) => order(one, other) > 0),
    atLeast: whenKnown((one, other) => order(one, other) >= 0),
    oneOf: (item, options) => (isUnknown(item) ? item : options.some((one) => order(item, one) === 0)),
    has: (codes, wanted) => (isUnknown(codes) ? codes : codes.includes(wanted)),
    decimal,
    plus,
    minus,
    times,
    least: choice((placed) => placed < 0),
    greatest: choice((placed) => placed > 0),
    share,
    age: whenKnown(calendar.age),
    year: whenKnown(calendar.year),
    month: whenKnown((known) => Number(known.slice(5, 7))),
    daysInMonth: whenKnown((known) => Number(calendar.monthEnd(known).slice(8))),
    daysBetween: whenKnown(calendar.daysBetween),
    lastDay,
    within,
    movedDays,
    lookup,
    nobodyKnows,
    row,
    disputed,
    fact,
    period,
    register,
  });
})(donghaengCalendar);
