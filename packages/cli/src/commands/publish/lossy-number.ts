/**
 * Numbers that JavaScript cannot hold: an event that has one would be published with another value.
 * @pure
 */
const TOKEN = /"(?:\\.|[^"\\])*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** A double holds every number of so many digits. */
const SAFE_DIGITS = 15;

/** The first number of a JSON text that would change, if any. */
export function lossyNumber(json: string): string | undefined {
  for (const [token] of json.matchAll(TOKEN)) {
    if (token.startsWith('"') || token.length <= SAFE_DIGITS) continue;
    const digits = significantDigits(token);
    if (digits.length > SAFE_DIGITS && significantDigits(String(Number(token))) !== digits) return token;
  }
  return undefined;
}

/** Without sign, point, exponent and the zeros at either end, which say nothing about what is lost. */
function significantDigits(number: string): string {
  const [mantissa = ""] = number.toLowerCase().split("e");
  return mantissa.replace(/[-.]/g, "").replace(/^0+/, "").replace(/0+$/, "");
}
