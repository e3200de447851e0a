/**
 * Keywords that the real server's validator treats differently from the library.
 * @pure
 */
import { canonicalJson } from "./json-schema.ts";

/** `multipleOf` in decimal: 0.3 is a multiple of 0.1. */
export function isMultiple(of: number, value: number): boolean {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(of)) return value % of === 0;
  const a = decimal(value);
  const b = decimal(of);
  const exponent = Math.min(a.exponent, b.exponent);
  return (a.digits * 10n ** BigInt(a.exponent - exponent)) % (b.digits * 10n ** BigInt(b.exponent - exponent)) === 0n;
}

function decimal(value: number): { digits: bigint; exponent: number } {
  const [mantissa = "", exponent = ""] = value.toExponential().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

/** `enum` and `const`. The library's comparison would call members of the event that are named like methods. */
export function isOneOf(values: readonly unknown[]): (value: unknown) => boolean {
  const texts = new Set(values.map(canonicalJson));
  return (value) => texts.has(canonicalJson(value));
}

/** `uniqueItems` in linear time. */
export function allDistinct(wanted: boolean, items: readonly unknown[]): boolean {
  if (!wanted) return true;
  const seen = new Set<unknown>();
  for (const item of items) {
    const key =
      typeof item === "object" && item !== null
        ? `{${canonicalJson(item)}`
        : typeof item === "string"
          ? `"${item}`
          : item;
    if (seen.has(key)) return false;
    seen.add(key);
  }
  return true;
}
