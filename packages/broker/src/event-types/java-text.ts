/**
 * Texts, hashes and orders of Java, on which partitions and messages of a real server depend (protocol 4.4, 4.7).
 * @pure
 */

/** `String.hashCode`: 31-based over UTF-16 code units, in signed 32 bits. */
export function javaHash(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(31, hash) + text.charCodeAt(at)) | 0;
  return hash;
}

/** `Double.toString` of a finite number: `1.0`, `1.0E10`, `1.0E-5`. */
export function javaDouble(value: number): string {
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const sign = value < 0 ? "-" : "";
  const { digits, exponent } = shortestDigits(Math.abs(value));
  if (exponent < -3 || exponent > 6) return `${sign}${digits[0]}.${digits.slice(1) || "0"}E${exponent}`;
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const padded = digits.padEnd(exponent + 2, "0");
  return `${sign}${padded.slice(0, exponent + 1)}.${padded.slice(exponent + 1)}`;
}

/** The shortest digits of `value`; two digits instead of one if they are closer to it (`4.9E-324`). */
function shortestDigits(value: number): { digits: string; exponent: number } {
  const two = value.toExponential(1);
  const shortest = value.toExponential();
  const [mantissa = "", exponent = ""] = (shortest.indexOf("e") === 1 && Number(two) === value ? two : shortest).split(
    "e",
  );
  return { digits: mantissa.replace(".", "").replace(/(?<=.)0+$/, ""), exponent: Number(exponent) };
}

/**
 * A parsed JSON number as Java prints it: a double if it has a point or an exponent or is `-0`, else an integer.
 * @param source a JSON number, possibly with leading zeros
 */
export function javaNumber(source: string): string {
  return isDoubleSource(source) ? javaDouble(Number(source)) : BigInt.asIntN(64, BigInt(source)).toString();
}

/** Whether the server reads a JSON number as a double, and so not as an integer: `1.0` (protocol 4.2). */
export function isDoubleSource(source: string): boolean {
  return /[.eE]/.test(source) || source === "-0";
}

/** Keys in the iteration order of a `HashMap`. */
export function hashMapOrder(keys: readonly string[]): string[] {
  let size = 16;
  while (keys.length > size * 0.75) size *= 2;
  const bucket = (key: string): number => {
    const hash = javaHash(key);
    return (hash ^ (hash >>> 16)) & (size - 1);
  };
  return keys
    .map((key) => ({ key, bucket: bucket(key) }))
    .sort((a, b) => a.bucket - b.bucket)
    .map(({ key }) => key);
}
