// What varies from run to run: names that a scenario generates or captures ({{name}}), and matchers (<uuid>) that stand for
// a value only the server knows. Filling in, comparing, and, for recording, the way back.
import { randomBytes, randomUUID } from "node:crypto";

const UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";
const TIMESTAMP = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z";
const MATCHERS = {
  "<uuid>": UUID,
  "<cursor-token>": UUID,
  "<stream-id>": UUID,
  "<timestamp>": TIMESTAMP,
  "<flow-id>": "[0-9A-Za-z]{24}",
  "<text>": "[\\s\\S]+",
  "<anything>": "[\\s\\S]*",
};
const MATCHER = /<(?:uuid|cursor-token|stream-id|timestamp|flow-id|text|anything|number)>/;

/** The order of members is part of what is compared, except in maps, event metadata and problems that have a type. */
const FREE_ORDER = new Set(["metadata", "annotations", "labels"]);
const orderMatters = (key, object) => !FREE_ORDER.has(key) && !("type" in object && "title" in object);
/** Sentences for people: present and non-empty is enough unless the scenario says strictDetail. */
const SENTENCES = new Set(["detail", "message", "error"]);
/** What only this server would say: names of its classes, times as its container writes them. */
const INTERNAL = /\(ETI[0-9A-Za-z]{24}\)|(?:org|com|java)\.[a-z.]+\.[A-Z]|^\d{4}-\d\d-\d\dT.*\+00:00$/;

/** The values of a scenario's "vars": unique for each run, and in the alphabetical order of their names. */
export function generate(vars = {}) {
  const run = randomBytes(5).toString("hex");
  const make = {
    $eventTypeName: (name) => `golden.${run}.${name}`,
    $appName: (name) => `golden-${run}-${name}`,
    $uuid: () => randomUUID(),
    $timestamp: () => new Date().toISOString(),
    $text: (name, length) => "x".repeat(Number(length)),
  };
  return Object.fromEntries(
    Object.entries(vars).map(([name, recipe]) => {
      const [kind, argument] = recipe.split(":");
      return [name, make[kind] ? make[kind](name, argument) : recipe];
    }),
  );
}

/** Puts values in the place of {{name}}; a string that is nothing but {{name}} becomes the value itself, of any type. */
export function fill(template, values) {
  if (typeof template === "string") {
    const whole = /^\{\{(\w+)\}\}$/.exec(template);
    if (whole && whole[1] in values) return values[whole[1]];
    return template.replace(/\{\{(\w+)\}\}/g, (same, name) => values[name] ?? same);
  }
  if (Array.isArray(template)) return template.map((item) => fill(item, values));
  if (template && typeof template === "object") {
    return Object.fromEntries(Object.entries(template).map(([key, value]) => [fill(key, values), fill(value, values)]));
  }
  return template;
}

export function pointer(document, path) {
  if (path === "") return document;
  return path
    .slice(1)
    .split("/")
    .reduce((at, key) => at?.[key.replace(/~1/g, "/").replace(/~0/g, "~")], document);
}

/** Lists the differences between what was recorded and what came: [{at, expected, got}]. */
export function differences(expected, got, { strict = true, unordered = [], freeOrder = false } = {}, at = "") {
  const key = at.slice(at.lastIndexOf("/") + 1);
  const differ = [{ at, expected, got }];
  const sub = (want, have, path) => differences(want, have, { strict, unordered, freeOrder }, path);

  if (typeof expected === "string") {
    if (expected === "<anything>") return got === undefined ? differ : [];
    if (expected === "<number>") return typeof got === "number" ? [] : differ;
    if (typeof got !== "string") return differ;
    if (!strict && SENTENCES.has(key)) return (expected === "") === (got === "") ? [] : differ;
    return (MATCHER.test(expected) ? asPattern(expected).test(got) : expected === got) ? [] : differ;
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(got)) return differ;
    if (unordered.includes(at)) return matchAnyOrder(expected, got, (want, have) => sub(want, have, at + "/*"), at);
    const common = expected.slice(0, got.length).flatMap((want, i) => sub(want, got[i], `${at}/${i}`));
    return expected.length === got.length
      ? common
      : [...common, { at, expected: `${expected.length} items`, got: `${got.length} items: ${JSON.stringify(got)}` }];
  }
  if (expected && typeof expected === "object") {
    if (!got || typeof got !== "object" || Array.isArray(got)) return differ;
    const [want, have] = [Object.keys(expected), Object.keys(got)];
    const missing = want
      .filter((name) => !have.includes(name))
      .map((name) => ({ at: `${at}/${name}`, expected: expected[name] }));
    const extra = have.filter((name) => !want.includes(name)).map((name) => ({ at: `${at}/${name}`, got: got[name] }));
    const inside = want
      .filter((name) => have.includes(name))
      .flatMap((name) => sub(expected[name], got[name], `${at}/${name}`));
    const all = [...missing, ...extra, ...inside];
    const disordered = all.length === 0 && !freeOrder && orderMatters(key, expected) && want.join() !== have.join();
    return disordered ? [{ at, expected: `members in the order ${want.join()}`, got: have.join() }] : all;
  }
  return expected === got ? [] : differ;
}

function matchAnyOrder(expected, got, compare, at) {
  const left = [...got];
  const unmatched = expected.filter((want) => {
    const found = left.findIndex((have) => compare(want, have).length === 0);
    if (found >= 0) left.splice(found, 1);
    return found < 0;
  });
  return [
    ...unmatched.map((want) => ({ at: at + "/*", expected: want })),
    ...left.map((have) => ({ at: at + "/*", got: have })),
  ];
}

/** Puts the arrays whose order does not matter into one that stays the same from recording to recording. */
export function settle(document, unordered = []) {
  for (const path of unordered) {
    const array = pointer(document, path);
    if (Array.isArray(array)) array.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  return document;
}

function asPattern(text) {
  const parts = text.split(new RegExp(`(${MATCHER.source})`));
  return new RegExp(`^${parts.map((part) => MATCHERS[part] ?? part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("")}$`);
}

/**
 * The way back, for recording: what the server sent, with known values by their {{name}} and unknown ones by a matcher.
 * `old` is what the scenario says so far: where it has a matcher that fits, the matcher stays. `given` is the text of the
 * scenario's requests: identifiers and times that we sent ourselves stay literal.
 */
export function generalise(got, old, { values, given, own = [] }, key = "") {
  const sub = (value, previous, name) => generalise(value, previous, { values, given, own }, name);
  if (typeof old === "string" && MATCHER.test(old) && differences(fill(old, values), got).length === 0) return old;
  if (Array.isArray(got)) return got.map((item, i) => sub(item, old?.[i], key));
  if (got && typeof got === "object") {
    return Object.fromEntries(Object.entries(got).map(([name, value]) => [name, sub(value, old?.[name], name)]));
  }
  if (typeof got === "number" && key === "consumer_lag_seconds" && got > 0) return "<number>";
  if (typeof got !== "string") return got;
  if (INTERNAL.test(got) && !given.includes(got)) return "<text>";

  const names = Object.entries(values)
    .filter(([, value]) => typeof value === "string" && value.length >= 12 && !/^001-\d{4}-/.test(value))
    .sort(([, a], [, b]) => b.length - a.length);
  const named = names.reduce(
    (text, [name, value]) => (own.includes(name) && got === value ? text : text.replaceAll(value, `{{${name}}}`)),
    got,
  );
  const replace = (text, pattern, matcher) =>
    text.replace(new RegExp(pattern, "g"), (found) => (given.includes(found) ? found : matcher));
  const uuid =
    { cursor_token: "<cursor-token>", stream_id: "<stream-id>", "x-nakadi-streamid": "<stream-id>" }[key] ?? "<uuid>";
  const general = replace(replace(named, UUID, uuid), TIMESTAMP, "<timestamp>");
  return ["flow_id", "x-flow-id"].includes(key) ? replace(general, `^${MATCHERS["<flow-id>"]}$`, "<flow-id>") : general;
}
