/**
 * Paths that are refused before routing, as by the real server's firewall: those that mean another path once they are
 * decoded or normalized (protocol 0.1).
 * @pure
 */

/** An encoded slash, backslash, semicolon, point, percent sign, NUL, or a line terminator. */
const ENCODED = /%(?:2[ef5]|5c|3b|0[0ad])/i;
/** A semicolon, a backslash, and characters outside of printable ASCII. */
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
