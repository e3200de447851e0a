/**
 * Which paths are refused before any route is asked, as the real server's firewall does: one that means another path once
 * it is decoded or put in order (protocol 0.1).
 * @pure
 */

/** An encoded slash, backslash, semicolon, point, percent sign, or one of the characters that end texts and lines. */
const ENCODED = /%(?:2[ef5]|5c|3b|0[0ad])/i;
/** A semicolon, a backslash, and whatever is no printable character of ASCII. */
const LITERAL = /[^!-:<-[\]-~]/;
/** An empty segment, `.` or `..`. */
const SEGMENT = /\/(?:\/|\.\.?(?:\/|$))/;

/** @param path without its query */
export function isRefusedPath(path: string): boolean {
  return LITERAL.test(path) || SEGMENT.test(path) || ENCODED.test(path) || !isDecodable(path);
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
