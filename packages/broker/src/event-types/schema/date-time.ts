/**
 * The `date-time` format: RFC 3339 with seconds and an offset of `Z` or `±hh:mm`, with the messages of the server's
 * parser (protocol 4.4).
 * @pure
 */
const ACCEPTED = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[-+]\d{2}:\d{2})$/;

/** The fault of a date-time; `undefined` if it is valid. */
export function dateTimeFault(text: string): string | undefined {
  const parserSays =
    outOfRange(text) ?? (ACCEPTED.test(text) ? undefined : `could not be parsed at index ${firstWrongIndex(text)}`);
  return parserSays === undefined ? undefined : `must be a valid date-time Text '${text}' ${parserSays}`;
}

/** The parts of a date-time, in order; 0 stands for a digit. */
const LAYOUT = "0000-00-00T00:00:00";

function firstWrongIndex(text: string): number {
  for (let at = 0; at < LAYOUT.length; at++) {
    const wanted = LAYOUT[at];
    const found = text[at] ?? "";
    const fits = wanted === "0" ? /^[0-9]$/.test(found) : found.toUpperCase() === wanted;
    // The server parses whole numbers, and reports the index at which the number begins.
    if (!fits) return wanted === "0" ? numberStart(at) : at;
  }
  const fraction = /^\.\d{1,9}/.exec(text.slice(LAYOUT.length))?.[0].length ?? 0;
  const offset = /^(?:[Zz]|[-+]\d{2}:\d{2})/.exec(text.slice(LAYOUT.length + fraction))?.[0].length ?? 0;
  return LAYOUT.length + fraction + offset;
}

function numberStart(at: number): number {
  let start = at;
  while (start > 0 && LAYOUT[start - 1] === "0") start--;
  return start;
}

const FIELDS = [
  { name: "MonthOfYear", at: 5, least: 1, most: 12 },
  { name: "DayOfMonth", at: 8, least: 1, most: 31, days: "28/31" },
  { name: "HourOfDay", at: 11, least: 0, most: 23 },
  { name: "MinuteOfHour", at: 14, least: 0, most: 59 },
  { name: "SecondOfMinute", at: 17, least: 0, most: 59 },
] as const;
const MAX_OFFSET_HOURS = 18;

/** The server checks the ranges of numbers after it has parsed the text. */
function outOfRange(text: string): string | undefined {
  if (!ACCEPTED.test(text)) return undefined;
  for (const field of FIELDS) {
    const value = Number(text.slice(field.at, field.at + 2));
    if (value >= field.least && value <= field.most) continue;
    const most = "days" in field ? field.days : field.most;
    return `could not be parsed: Invalid value for ${field.name} (valid values ${field.least} - ${most}): ${value}`;
  }
  const [year, month, day] = text.slice(0, 10).split("-").map(Number) as [number, number, number];
  if (day > daysIn(year, month)) return `could not be parsed: Invalid date '${text.slice(0, 10)}'`;
  const [, hours, minutes] = /[-+](\d{2}):(\d{2})$/.exec(text) ?? [];
  if (Number(minutes ?? 0) > 59) return "could not be parsed: Zone offset minutes not in valid range";
  if (Number(hours ?? 0) * 60 + Number(minutes ?? 0) > MAX_OFFSET_HOURS * 60) {
    return "could not be parsed: Zone offset not in valid range: -18:00 to +18:00";
  }
  return undefined;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
