/**
 * Offset texts: how a server writes and reads positions (protocol 1).
 * @pure
 */

/** A position: `number` is the last event consumed in timeline `order`; -1 is "before the first event". */
export interface Position {
  order: number;
  number: number;
}

/** What an offset text may say: a position of a timeline, one of the first timeline (legacy form), or the beginning. */
export type OffsetText =
  | { kind: "timeline"; position: Position }
  | { kind: "legacy"; number: number }
  | { kind: "begin" }
  | { kind: "invalid"; reason: "layout" | "text" };

const VERSION = "001";
const DIGITS = 18;
const LAYOUT = /^001-([0-9a-fA-F]{4})-(-?[0-9]+)$/;
const LEGACY = /^(?:-1|[0-9]+)$/;

/** `001-<order as 4 hex digits>-<number as 18 decimal digits>`; the position before the first event is a bare `-1`. */
export function formatOffset({ order, number }: Position): string {
  return `${VERSION}-${order.toString(16).padStart(4, "0")}-${formatNumber(number)}`;
}

/** The last part of an offset text, which some error texts show alone. */
export function formatNumber(number: number): string {
  return number < 0 ? String(number) : String(number).padStart(DIGITS, "0");
}

/** Reads each input form that the server accepts. Positions beyond 2^53 - 1 are refused as `text`. */
export function parseOffset(text: string): OffsetText {
  if (text.toUpperCase() === "BEGIN") return { kind: "begin" };
  if (text.startsWith(VERSION)) {
    const [, order, number] = LAYOUT.exec(text) ?? [];
    if (order === undefined || number === undefined) return { kind: "invalid", reason: "layout" };
    const position = { order: Number.parseInt(order, 16), number: Number(number) };
    return Number.isSafeInteger(position.number) ? { kind: "timeline", position } : { kind: "invalid", reason: "text" };
  }
  const number = Number(text);
  if (!LEGACY.test(text) || !Number.isSafeInteger(number)) return { kind: "invalid", reason: "text" };
  return { kind: "legacy", number };
}

/** By timeline, then by number: negative, zero or positive as for `Array.sort`. */
export function comparePositions(a: Position, b: Position): number {
  return a.order - b.order || a.number - b.number;
}
