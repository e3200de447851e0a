/**
 * Numbers that JavaScript cannot hold: an event that has one would be published with another value.
 * @pure
 */
import { jsonTokens } from "nakadi-protocol";

const NUMBER_STARTS = "-0123456789";
/** A double holds every number of so many digits. */
const SAFE_DIGITS = 15;

/** The first number of a JSON text that would change, if any. */
export function lossyNumber(json: string): string | undefined {
  for (const { start, end } of jsonTokens(json)) {
    if (!NUMBER_STARTS.includes(json.charAt(start))) continue;
    const token = json.slice(start, end);
    // Beyond the range of a double it would be published as null.
    if (!Number.isFinite(Number(token))) return token;
    if (token.length <= SAFE_DIGITS) continue;
    const digits = significantDigits(token);
    if (digits.length > SAFE_DIGITS && significantDigits(String(Number(token))) !== digits) return token;
  }
  return undefined;
}

/** Without sign, point, exponent and the zeros at either end, which say nothing about what is lost. */
function significantDigits(number: string): string {
  const [mantissa = ""] = number.toLowerCase().split("e", 1);
  const digits = mantissa.replace("-", "").replace(".", "");
  let [start, end] = [0, digits.length];
  while (digits[start] === "0") start += 1;
  while (end > start && digits[end - 1] === "0") end -= 1;
  return digits.slice(start, end);
}
