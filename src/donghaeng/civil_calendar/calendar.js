// The functions of civil_calendar/arithmetic.py for the forms of the site: the one twin, compared with it in tests.
// Days are ISO texts such as "2024-02-29". An unknown day is null, and gives null. A text that is no day between
// 1900-01-01 and 2100-12-31 throws a RangeError; a period that is none throws a TypeError.
const donghaengCalendar = (() => {
  "use strict";

  const EARLIEST = "1900-01-01";
  const LATEST = "2100-12-31";
  const LONGEST = { days: 73050, weeks: 10435, months: 2400, years: 200 };
  const MILLISECONDS_OF_A_DAY = 86400000;

  // Days since 1970-01-01. Date.UTC knows no time zone, so that no clock change moves a day.
  const numberOf = (year, month, day) => Date.UTC(year, month - 1, day) / MILLISECONDS_OF_A_DAY;

  const textOf = (number) => new Date(number * MILLISECONDS_OF_A_DAY).toISOString().slice(0, 10);

  const daysOfMonth = (year, month) => new Date(Date.UTC(year, month, 0)).getUTCDate();

  const read = (text) => {
    const parts = typeof text === "string" ? /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text) : null;
    if (parts === null) throw new RangeError("not a day in the form 2024-02-29");
    const [year, month, day] = parts.slice(1).map(Number);
    const number = numberOf(year, month, day);
    if (month < 1 || month > 12 || day < 1 || textOf(number) !== text) throw new RangeError("no such day");
    if (text < EARLIEST || text > LATEST) throw new RangeError("a day outside " + EARLIEST + " to " + LATEST);
    return { year, month, day, number };
  };

  // Any unknown day makes the answer unknown; the known ones are checked all the same.
  const ofDays = (texts, answer) => {
    const days = texts.map((text) => (text === null || text === undefined ? null : read(text)));
    return days.includes(null) ? null : answer(...days);
  };

  const lengthOf = (period) => {
    const units = Object.keys(LONGEST).filter((unit) => period[unit] !== undefined && period[unit] !== null);
    if (units.length !== 1) throw new TypeError("a period has one length: days, weeks, months or years");
    const number = period[units[0]];
    if (!Number.isInteger(number) || number < 1 || number > LONGEST[units[0]]) {
      throw new TypeError("a period is a whole number of " + units[0] + " from 1 to " + LONGEST[units[0]]);
    }
    return {
      days: { days: number, weeks: number * 7 }[units[0]] || 0,
      months: { months: number, years: number * 12 }[units[0]] || 0,
    };
  };

  const oneOf = (value, usual, words, name) => {
    const word = value === undefined ? usual : value;
    if (!words.includes(word)) throw new TypeError(name + " is one of " + words.join(", "));
    return word;
  };

  const endOf = (start, period) => {
    const { days, months } = lengthOf(period);
    const included = oneOf(period.firstDay, "excluded", ["excluded", "included"], "firstDay") === "included";
    const first = start.number + (included ? 0 : 1);
    if (days > 0) return first + days - 1;
    const [year, month, day] = textOf(first).split("-").map(Number);
    const whole = month - 1 + months;
    const lastYear = year + Math.floor(whole / 12);
    const lastMonth = (whole % 12) + 1;
    const longest = daysOfMonth(lastYear, lastMonth);
    return day > longest ? numberOf(lastYear, lastMonth, longest) : numberOf(lastYear, lastMonth, day) - 1;
  };

  // `moved` is the table of Calendar.moved_days(...).as_json(): { first, last, days: { day: next working day } }.
  const movedEnd = (end, period) => {
    if (oneOf(period.holidays, "stay", ["stay", "move"], "holidays") === "stay") return textOf(end);
    const { moved } = period;
    if (!moved) throw new TypeError("a period whose end moves needs the table of moved days");
    const text = textOf(end);
    if (text < moved.first || text > moved.last) throw new RangeError("the holidays of that day are not known");
    return Object.hasOwn(moved.days, text) ? moved.days[text] : text;
  };

  const monthDay = (day) => day.month * 100 + day.day;

  return Object.freeze({
    age: (birth, on) =>
      ofDays([birth, on], (from, to) => to.year - from.year - (monthDay(to) < monthDay(from) ? 1 : 0)),
    ageInMonths: (birth, on) =>
      ofDays(
        [birth, on],
        (from, to) => (to.year - from.year) * 12 + to.month - from.month - (to.day < from.day ? 1 : 0),
      ),
    ageByYear: (birth, on) => ofDays([birth, on], (from, to) => to.year - from.year),
    year: (day) => ofDays([day], (known) => known.year),
    daysBetween: (first, second) => ofDays([first, second], (from, to) => to.number - from.number),
    monthEnd: (day) =>
      ofDays([day], ({ year, month }) => textOf(numberOf(year, month, daysOfMonth(year, month)))),
    // period: { days | weeks | months | years: number, firstDay: "excluded" | "included",
    //           holidays: "stay" | "move", moved: table for "move" }
    lastDay: (start, period) => ofDays([start], (from) => movedEnd(endOf(from, period), period)),
    within: (start, on, period) =>
      ofDays([start, on], (from) => {
        const end = movedEnd(endOf(from, period), period);
        return start <= on && on <= end;
      }),
  });
})();
