/**
 * The JSON of a value of the program's. `JSON.stringify` drops or replaces silently what JSON has no word for: that is an error
 * here.
 * @pure
 */
import { ConfigError } from "../errors/nakadi-error.ts";

/** Deeper values are looked at by the slower way, which finds cycles. */
const MAX_DEPTH = 100;
/** JSON makes `{}` of them, whatever they hold. */
const HOLLOW = ["Map", "Set", "WeakMap", "WeakSet", "Promise", "RegExp", "Error", "ArrayBuffer"];
const tagOf = (value: object): string => Object.prototype.toString.call(value).slice("[object ".length, -1);

/**
 * Members that are `undefined` are left out. No message quotes the value: member names may be data, too.
 * @param path where the value stands, for the message
 * @throws {ConfigError} for what JSON cannot say, and for what throws when it is read
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

/** Whether it is said as it is by `JSON.stringify`; false where that is not certain. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object":
      return value === null || (depth > 0 && isPlainObject(value, depth));
    default:
      return false;
  }
}

function isPlainObject(value: object, depth: number): boolean {
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  if ("toJSON" in value) return false;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1) if (!isPlain(value[at], depth - 1)) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && tagOf(value) !== "Object") return false;
  for (const member of Object.values(value)) if (member !== undefined && !isPlain(member, depth - 1)) return false;
  return true;
}

/** @param member after its `toJSON`; `own` before */
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
      return tag === "BigInt" || HOLLOW.includes(tag) ? tag : undefined;
    }
    default:
      return undefined;
  }
}
