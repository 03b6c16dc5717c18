/* What trips cost with each pass and without: plain values in and out, without a page, so that tests hold it to Python.
   Every amount is decided by the scripts of the decision tables, for the day on which it is paid. */
"use strict";

globalThis.donghaengTraveller = (() => {
  const calendar = donghaengCalendar;
  const NOTHING = Object.freeze({ least: 0, most: 0, open: 0 });
  /* More rides a day than anybody makes: where a pass has not paid off by then it never does. */
  const MOST_RIDES_A_DAY = 40;

  // ── amounts: the least and the most they can be, and how many rides of unknown price are not in them ──

  const add = (one, other) => ({
    least: one.least + other.least,
    most: one.most + other.most,
    open: one.open + other.open,
  });
  const exact = (amount) => ({ least: amount, most: amount, open: 0 });
  const order = (one, other) => one.most - other.most || one.least - other.least || one.open - other.open;
  const sum = (amounts) => amounts.reduce(add, NOTHING);

  /** The number that holds on a day, of numbers by their first day. */
  const numberOn = (dated, day) => dated.findLast((one) => one.from <= day).value;

  const dayAfter = (day, days) => (days === 0 ? day : calendar.lastDay(day, { days }));

  // ── asking tables ──

  /** Gives ask(role, day, facts): the meaning of the result and field(name); null where the table cannot say. */
  function asker(given) {
    const known = new Map();
    const decide = (role, day, facts) => {
      const bound = given.tables[role];
      if (!bound) return null;
      const table = globalThis.donghaengRules[`${given.pack}/${bound.table}`];
      const told = {};
      for (const [name, value] of Object.entries({ ...bound.always, ...facts })) {
        const theirs = bound.facts[name] ?? name;
        if (table.inputs.includes(theirs)) told[theirs] = value;
      }
      let decision;
      try {
        decision = table.decide(day, told);
      } catch {
        return null; // a fact that the table does not know, such as a category without postpaid cards
      }
      const { outcome, reason } = decision;
      return {
        meaning: bound.results[outcome.result] ?? outcome.result,
        row: `${bound.table}/${reason}`,
        field: (name) => outcome[bound.outcomes[name] ?? name] ?? null,
        amount: () => {
          const name = bound.outcomes.amount ?? "amount";
          const least = outcome[name] ?? outcome[`${name}_from`] ?? null;
          const most = outcome[name] ?? outcome[`${name}_to`] ?? null;
          return least === null || most === null ? null : { least, most, open: 0 };
        },
      };
    };
    return (role, day, facts) => {
      const key = JSON.stringify([role, day, facts]);
      if (!known.has(key)) known.set(key, decide(role, day, facts));
      return known.get(key);
    };
  }

  /** Spreads rides over days as evenly as whole rides can be. */
  const spread = (rides, days) =>
    Array.from({ length: days }, (_, at) => Math.floor(((at + 1) * rides) / days) - Math.floor((at * rides) / days));

  // ── the comparison ──

  /**
   * Compares everything that can be bought.
   *
   * given: the document of the release. asked: first (day), days (null for who lives there), rides (number by kind, a
   * day; of kinds that count by days, and for who lives there, in the whole time), km ([above, up to], null for not
   * known), category, medium, newCard (whether the medium must be bought), postpaid (whether passes that are billed
   * afterwards can be had).
   *
   * Gives {first, last, days, options, places}: options in the order of what they cost at most, those that cannot be
   * had after the others, and those of unknown cost last. An option has id,
   * total (null for not known), card, pieces (product, from, to, price, row), single ({days, cost}: days on single
   * fares), beside (rides that a pass does not cover), uncovered (kinds of line that it does not cover), saves
   * ({least, most}: against single fares), rows (of what is no pass), breakEven (kind, days, from, surely; null for never).
   */
  function compare(given, asked) {
    const ask = asker(given);
    const isResident = asked.days === null;
    const lastOf = (product, day) => ask("period", day, { product, start_day: day })?.field("last_day") ?? null;
    const first = asked.first;
    const last = isResident ? lastOf(given.resident, first) : dayAfter(first, asked.days - 1);
    if (last === null) return null;
    const length = calendar.daysBetween(first, last) + 1;
    const days = Array.from({ length }, (_, at) => dayAfter(first, at));
    const kinds = Object.keys(given.kinds).filter((kind) => asked.rides[kind] > 0);
    const counts = {};
    for (const kind of kinds) {
      const inAll = isResident || given.kinds[kind].by_day;
      counts[kind] = inAll ? spread(asked.rides[kind], length) : Array(length).fill(asked.rides[kind]);
    }

    // ── single fares ──

    /** What a ride costs somebody without a pass; null where the tables do not say. */
    const fare = (kind, day, rider) => {
      const category = given.riders[rider];
      const base = ask("fare", day, { kind, category })?.amount() ?? null;
      if (base === null || !given.kinds[kind].grows) return base;
      const [above, upTo] = asked.km ?? [0, given.distances_km.at(-1)];
      const added = (metres) => ask("distance", day, { metres, category })?.amount() ?? null;
      // A distance above some kilometres begins a metre beyond them.
      const [low, high] = [added(1000 * above + 1), added(1000 * upTo)];
      return low && high && { least: base.least + low.least, most: base.most + high.most, open: 0 };
    };
    /** What rides of a day cost at single fares: [kind, rides] of each. */
    const fares = (day, rides, rider = asked.category) => {
      const cost = { ...NOTHING };
      let cap = null;
      for (const [kind, count] of rides) {
        if (count === 0) continue;
        const one = fare(kind, day, rider);
        if (one === null) cost.open += count;
        else {
          cost.least += count * one.least;
          cost.most += count * one.most;
        }
        const own = given.kinds[kind].day_cap;
        if (own) cap = Math.max(cap ?? 0, numberOn(own, day));
      }
      if (cap === null) return cost;
      return { least: Math.min(cost.least, cap), most: Math.min(cost.most, cap), open: cost.open };
    };
    const paid = (at, wanted, rider) =>
      fares(
        days[at],
        kinds.filter((kind) => wanted(kind, at)).map((kind) => [kind, counts[kind][at]]),
        rider,
      );
    const everything = () => true;
    const singles = days.map((_, at) => paid(at, everything));

    // ── passes ──

    const billedLater = (product) => given.products[product]?.pays === "postpaid";
    const covers = (product, facts, day) =>
      ask("coverage", day, { ...facts, addons: given.products[product].rights })?.meaning ?? null;
    const isCovered = (product, kind, at) => covers(product, given.kinds[kind].coverage, days[at]) === "both";
    const buys = given.categories[asked.category].buys;
    const priced = (product, day) => {
      for (const category of buys.filter((one) => given.products[product].categories.includes(one))) {
        const found = ask("price", day, { product, category });
        if (found?.meaning !== "sold") continue;
        return { category, price: found.amount(), row: found.row, back: found.field("later_refund") };
      }
      return null;
    };
    const prepaid = Object.keys(given.products).filter(
      (product) =>
        given.products[product].pays === "prepaid" && given.products[product].media.includes(asked.medium),
    );
    /* What is left to pay on each day that a pass covers. */
    const left = {};
    for (const product of prepaid) {
      left[product] = days.map((_, at) => paid(at, (kind) => !isCovered(product, kind, at)));
    }
    const lengthFrom = (product, at) => {
      const ends = lastOf(product, days[at]);
      return ends === null ? null : calendar.daysBetween(days[at], ends) + 1;
    };
    /** A pass begun on a day, with what it leaves to pay until it or the time ends; null where it is not sold. */
    const begun = (product, at) => {
      const found = priced(product, days[at]);
      const lasts = found && lengthFrom(product, at);
      if (!found?.price || !lasts) return null;
      const end = Math.min(at + lasts, length);
      const beside = sum(left[product].slice(at, end));
      return { product, at, end, lasts, ...found, beside, cost: add(found.price, beside) };
    };
    /**
     * The cheapest way from each day to the end, out of some passes and single fares; of equal ones that of fewest
     * passes, and of these the one that begins with the longest.
     */
    const cheapest = (products) => {
      const best = Array(length + 1);
      best[length] = { cost: NOTHING, passes: 0, next: null };
      for (let at = length - 1; at >= 0; at -= 1) {
        let found = { cost: add(singles[at], best[at + 1].cost), passes: best[at + 1].passes, next: null };
        for (const product of products) {
          const one = begun(product, at);
          if (!one) continue;
          const cost = add(one.cost, best[one.end].cost);
          const passes = best[one.end].passes + 1;
          const lasts = found.next?.lasts ?? 0;
          const placed = order(cost, found.cost) || passes - found.passes || lasts - one.lasts;
          if (placed < 0) found = { cost, passes, next: one };
        }
        best[at] = found;
      }
      return best;
    };
    const card =
      asked.newCard && given.media[asked.medium].price
        ? exact(numberOn(given.media[asked.medium].price, first))
        : NOTHING;

    /** Follows a way from its first pass, or from the first day. */
    const follow = (id, best, start) => {
      const pieces = [];
      let single = NOTHING;
      let beside = NOTHING;
      let onSingle = 0;
      let at = 0;
      let next = start ?? best[0].next;
      while (at < length) {
        if (next) {
          const { product, category, price, row, back } = next;
          const to = dayAfter(days[at], next.lasts - 1);
          pieces.push({ product, category, from: days[at], to, price, row, back });
          beside = add(beside, next.beside);
          at = next.end;
        } else {
          single = add(single, singles[at]);
          onSingle += 1;
          at += 1;
        }
        next = at < length ? best[at].next : null;
      }
      const own = pieces.length > 0 ? card : NOTHING;
      const total = sum([...pieces.map((piece) => piece.price), single, beside, own]);
      const uncovered = Object.keys(given.kinds).filter((kind) =>
        pieces.some((piece) => !isCovered(piece.product, kind, days.indexOf(piece.from))),
      );
      return { id, total, card: own, pieces, single: { days: onSingle, cost: single }, beside, uncovered };
    };

    // ── from how many rides on a pass costs less than single fares ──

    const breakEven = (product, start) => {
      const usable = Object.keys(given.kinds).filter(
        (kind) => !given.kinds[kind].by_day && isCovered(product, kind, 0) && fare(kind, first, asked.category) !== null,
      );
      if (usable.length === 0) return null;
      const ridden = (kind) => (counts[kind] ?? []).reduce((all, one) => all + one, 0);
      const kind = usable.reduce((most, one) => (ridden(one) > ridden(most) ? one : most));
      const { price } = start;
      const within = Array.from({ length: start.lasts }, (_, at) => dayAfter(first, at));
      const cost = (rides) => sum(spread(rides, start.lasts).map((count, at) => fares(within[at], [[kind, count]])));
      /* More rides never cost less, so the fewest that cost more are found by halving. */
      const fewest = (isMore) => {
        let [low, high] = [1, MOST_RIDES_A_DAY * start.lasts];
        if (!isMore(cost(high))) return null;
        while (low < high) {
          const middle = Math.floor((low + high) / 2);
          if (isMore(cost(middle))) high = middle;
          else low = middle + 1;
        }
        return low;
      };
      return {
        kind,
        days: start.lasts,
        from: fewest((found) => found.most > price.least),
        surely: fewest((found) => found.least > price.most),
      };
    };

    // ── what stands beside each other ──

    const single = { id: "single", total: sum(singles), card: NOTHING, pieces: [], beside: NOTHING, uncovered: [] };
    const rider = given.riders[asked.category];
    const rows = kinds.flatMap((kind) => ask("fare", first, { kind, category: rider })?.row ?? []);
    const options = [{ ...single, single: { days: length, cost: single.total }, rows }];
    const starts = prepaid.map((product) => begun(product, 0)).filter(Boolean);
    const isUseful = (one, place) =>
      !starts.some((other, before) => {
        // A pass with an add-on that these trips do not use is the same pass at a higher price.
        const alike = other !== one && other.lasts === one.lasts && order(other.cost, one.cost) <= 0;
        const more = (kind) => isCovered(one.product, kind, 0) && !isCovered(other.product, kind, 0);
        return alike && !kinds.some(more) && (order(other.cost, one.cost) < 0 || before < place);
      });
    for (const start of starts.filter(isUseful)) {
      const option = follow(start.product, cheapest([start.product]), start);
      options.push({ ...option, breakEven: breakEven(start.product, start) });
    }
    const mix = follow("mix", cheapest(prepaid));
    const isBetter = (option) => order(mix.total, option.total) < 0;
    if (options.every(isBetter)) options.push(mix);
    for (const product of Object.keys(given.products)) {
      const option = billedLater(product) ? billed(product) : null;
      if (option) options.push(option);
    }
    for (const option of options) option.saves = option.total && saved(option);
    options.sort((one, other) => {
      const isOut = ({ id, total }) => (total === null ? 2 : billedLater(id) && !asked.postpaid ? 1 : 0);
      return isOut(one) - isOut(other) || (one.total && other.total ? order(one.total, other.total) : 0);
    });
    const places = given.places.map(({ coverage }) =>
      Object.fromEntries(Object.keys(given.products).map((product) => [product, covers(product, coverage, first)])),
    );
    return { first, last, days: length, options, places };

    /* The same rides stand on both sides, so a fare that is not known is low on both or high on both; only the price
       of a pass can be either with each of them. */
    function saved({ total, pieces }) {
      const slack = pieces.reduce((all, { price }) => all + price.most - price.least, 0);
      const alone = options[0].total;
      return { least: alone.least - total.least - slack, most: alone.most - total.most + slack };
    }

    // ── passes that are billed afterwards ──

    /** Bills each calendar month, with the fares of whom it is sold to; who lives there has one whole month. */
    function billed(product) {
      const sold = priced(product, first);
      if (!sold) return null;
      const { category } = sold;
      const months = new Map();
      days.forEach((day, at) => {
        const month = isResident ? first.slice(0, 7) : day.slice(0, 7);
        if (!months.has(month)) months.set(month, []);
        months.get(month).push(at);
      });
      const bills = [];
      let beside = NOTHING;
      let row = null;
      for (const places of months.values()) {
        const isByDay = (kind) => given.kinds[kind].by_day;
        const isBilled = (kind, at) => isCovered(product, kind, at) && !isByDay(kind);
        const used = sum(places.map((at) => paid(at, isBilled, category)));
        beside = sum([beside, ...places.map((at) => paid(at, (kind) => !isCovered(product, kind, at)))]);
        const bikes = kinds.filter(isByDay).flatMap((kind) =>
          places.filter((at) => isCovered(product, kind, at)).map((at) => Math.min(1, counts[kind][at])),
        );
        const isFirst = !isResident && bills.length === 0;
        const bill = (amount) =>
          ask("bill", days[places[0]], {
            category,
            registered: true,
            first_month: isFirst,
            days_before_registration: isFirst ? Number(first.slice(8)) - 1 : 0,
            used_transit: amount,
            bike_days: bikes.reduce((all, one) => all + one, 0),
          });
        const [low, high] = [bill(used.least), bill(used.most)];
        if (low === null || low.meaning === "not_available") return null;
        row = low.row;
        const [least, most] = [low.amount(), high.amount()];
        bills.push(least && most ? { least: least.least, most: most.most, open: used.open } : null);
      }
      const total = bills.includes(null) ? null : add(sum(bills), beside);
      const uncovered = Object.keys(given.kinds).filter((kind) => !isCovered(product, kind, 0));
      const unused = { days: 0, cost: NOTHING };
      return { id: product, total, card: NOTHING, pieces: [], single: unused, beside, uncovered, bills, rows: [row] };
    }
  }

  return Object.freeze({ compare });
})();
