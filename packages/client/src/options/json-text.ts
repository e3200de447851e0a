/**
 * The JSON text of a program's value. `JSON.stringify` silently drops or replaces values that JSON cannot represent; here they are
 * errors.
 * @pure
 */
import { ConfigError } from "../errors/nakadi-error.ts";

/** Values that are nested deeper are checked by the replacer, which stops at a cycle. */
const MAX_DEPTH = 100;
/** `JSON.stringify` writes objects of other kinds by their own members, which are all or nothing of what they hold. */
const JSON_TAGS = ["Object", "Array", "Number", "String", "Boolean"];
const toText = Object.prototype.toString;
const tagOf = (value: object): string => toText.call(value).slice("[object ".length, -1);

/**
 * Members that are `undefined` are left out. No message quotes the value, because member names may be data too. A getter or a
 * `toJSON` is called once by the check and once more by `JSON.stringify`.
 * @param path name of the value in the message
 * @throws {ConfigError} for a value that JSON cannot represent, and for a getter or `toJSON` that throws
 */
export function jsonText(path: string, value: unknown): string {
  let fault: string | undefined;
  let text: string | undefined;
  try {
    if (isPlain(value, MAX_DEPTH)) return JSON.stringify(value);
    text = JSON.stringify(value, function (this: unknown, name: string, member: unknown) {
      fault = faultOf(member, (this as Record<string, unknown>)[name], Array.isArray(this));
      if (fault !== undefined) throw new Error(fault);
      return member;
    });
  } catch {
    fault ??= "cycle, no nesting of thousands of levels, no toJSON and no getter that throws";
  }
  if (text !== undefined) return text;
  throw new ConfigError(path, `what JSON can say: no ${fault ?? "undefined"}`);
}

/** Whether `JSON.stringify` keeps the whole value; false where that is uncertain. A replacer is exact but doubles the time. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object":
      return value === null || (depth > 0 && isPlainObject(value, depth - 1));
    default:
      return false;
  }
}

function isPlainObject(value: object, depth: number): boolean {
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") {
    if (!(value instanceof Date)) return isPlainReplacement(toJSON.call(value, ""), depth);
    return !Number.isNaN(value.getTime()) && toJSON === Date.prototype.toJSON;
  }
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1) if (!isPlain(value[at], depth)) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && toText.call(value) !== "[object Object]") return false;
  for (const name in value) {
    const member = (value as Record<string, unknown>)[name];
    if (member !== undefined && !isPlain(member, depth)) return false;
  }
  return true;
}

/** `toJSON` of what `toJSON` returned is not called. */
function isPlainReplacement(replacement: unknown, depth: number): boolean {
  if (typeof replacement === "object" && replacement !== null && "toJSON" in replacement) return false;
  return isPlain(replacement, depth);
}

/** @param member the value after its `toJSON` was applied; `own` before */
function faultOf(member: unknown, own: unknown, isElement: boolean): string | undefined {
  if (own instanceof Date && Number.isNaN(own.getTime())) return "invalid Date";
  switch (typeof member) {
    case "number":
      return Number.isFinite(member) ? undefined : "NaN and no Infinity";
    case "bigint":
      return "BigInt";
    case "function":
    case "symbol":
      return typeof member;
    case "undefined":
      return isElement ? "hole and no undefined in an array" : undefined;
    case "object": {
      if (member === null) return undefined;
      const tag = tagOf(member);
      if (tag === "Number" && !Number.isFinite(Number(member))) return "NaN and no Infinity";
      if (tag === "BigInt") return tag;
      return JSON_TAGS.includes(tag) || Object.keys(member).length > 0 ? undefined : tag;
    }
    default:
      return undefined;
  }
}
