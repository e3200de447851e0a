/**
 * Finds the end of one event in a body, and records the facts about its bytes that later steps need. It reads each byte
 * once and does not decide whether the text is valid JSON.
 * @pure
 */

/** The result of a scan; reused for each event. */
export interface ItemScan {
  /** Index after the closing brace, or the limit if the event has none. */
  end: number;
  /** Arrays and objects nest deeper than the limit; the scan stopped at `end`. */
  tooDeep: boolean;
  /** Colons outside of strings: the number of members, unless a name occurs twice. */
  members: number;
  /** Starts and ends of ranges that are not stored: whitespace outside of strings, leading zeros. At most `maxGaps`. */
  gaps: number[];
  readonly maxGaps: number;
  gapBytes: number;
  /** Start of the value of the top-level member `metadata` in the body; negative without such a member. */
  metadataFrom: number;
  metadataTo: number;
  /** Start of the same value in the event without gaps. */
  metadataStart: number;
  metadataEnd: number;
  /** A number has a spelling that its parsed value loses. */
  oddNumbers: boolean;
  /** A number may exceed what the server can read. */
  hugeNumbers: boolean;
}

/** @param maxBytes larger events are refused, so their gaps are not recorded */
export function newItemScan(maxBytes: number): ItemScan {
  return {
    end: 0,
    tooDeep: false,
    members: 0,
    gaps: [],
    // A gap is followed by at least one byte of the event.
    maxGaps: maxBytes,
    gapBytes: 0,
    metadataFrom: -1,
    metadataTo: -1,
    metadataStart: -1,
    metadataEnd: -1,
    oddNumbers: false,
    hugeNumbers: false,
  };
}

const OTHER = 0;
const QUOTE = 1;
const SPACE = 2;
const OPEN_BRACE = 3;
const CLOSE_BRACE = 4;
const OPEN_BRACKET = 5;
const CLOSE_BRACKET = 6;
const COLON = 7;
const COMMA = 8;
const NUMBER_START = 9;

const KINDS = new Uint8Array(256).fill(OTHER);
for (const [kind, characters] of Object.entries({
  [QUOTE]: '"',
  [SPACE]: " \t\r\n",
  [OPEN_BRACE]: "{",
  [CLOSE_BRACE]: "}",
  [OPEN_BRACKET]: "[",
  [CLOSE_BRACKET]: "]",
  [COLON]: ":",
  [COMMA]: ",",
  [NUMBER_START]: "-0123456789",
})) {
  for (const character of characters) KINDS[character.charCodeAt(0)] = Number(kind);
}

const BRACE = 0x7b;
const BACKSLASH = 0x5c;
const QUOTATION_MARK = 0x22;
const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;

/**
 * @param start index of the opening brace
 * @param limit index at which the scan stops
 */
export function scanItem(bytes: Uint8Array, start: number, limit: number, maxDepth: number, scan: ItemScan): void {
  let at = start;
  let depth = 0;
  let braces = 0;
  let members = 0;
  let gapBytes = 0;
  let nameStart = 0;
  let nameEnd = 0;
  let inMetadata = false;
  scan.gaps.length = 0;
  scan.metadataFrom = -1;
  scan.oddNumbers = false;
  scan.hugeNumbers = false;
  scan.tooDeep = false;
  scanning: while (at < limit) {
    switch (KINDS[bytes[at] as number]) {
      case QUOTE:
        nameStart = ++at;
        while (at < limit) {
          const byte = bytes[at];
          if (byte === QUOTATION_MARK) break;
          at += byte === BACKSLASH ? 2 : 1;
        }
        nameEnd = at++;
        break;
      case SPACE: {
        const gap = at++;
        while (at < limit && KINDS[bytes[at] as number] === SPACE) at++;
        if (scan.gaps.length < scan.maxGaps) scan.gaps.push(gap, at);
        gapBytes += at - gap;
        break;
      }
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (bytes[at++] === BRACE) braces++;
        if (++depth <= maxDepth) break;
        scan.tooDeep = true;
        break scanning;
      case CLOSE_BRACKET:
        depth--;
        at++;
        break;
      case CLOSE_BRACE:
        depth--;
        at++;
        if (--braces > 0) break;
        if (inMetadata) {
          scan.metadataTo = at - 1;
          scan.metadataEnd = at - 1 - start - gapBytes;
        }
        break scanning;
      case COLON:
        members++;
        at++;
        if (depth === 1 && isMetadata(bytes, nameStart, nameEnd)) {
          scan.metadataFrom = at;
          scan.metadataStart = at - start - gapBytes;
          inMetadata = true;
        }
        break;
      case COMMA:
        if (inMetadata && depth === 1) {
          scan.metadataTo = at;
          scan.metadataEnd = at - start - gapBytes;
          inMetadata = false;
        }
        at++;
        break;
      case NUMBER_START: {
        const first = bytes[at] === MINUS ? at + 1 : at;
        let digits = first;
        while (bytes[digits] === ZERO && isDigit(bytes[digits + 1])) digits++;
        if (digits > first) {
          if (scan.gaps.length < scan.maxGaps) scan.gaps.push(first, digits);
          gapBytes += digits - first;
        }
        at = skipNumber(bytes, digits, first > at, scan);
        break;
      }
      default:
        at++;
    }
  }
  scan.end = Math.min(at, limit);
  scan.members = members;
  scan.gapBytes = gapBytes;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

/** Digits up to which each whole number is exact in a JavaScript number. */
const EXACT_DIGITS = 15;
/** Digits up to which each whole number fits into 64 bits. */
const LONG_DIGITS = 18;
/** Digits up to which each fraction is finite. */
const FINITE_DIGITS = 300;
const POINT = 0x2e;

/** Index after the number whose digits begin at `from`. */
function skipNumber(bytes: Uint8Array, from: number, negative: boolean, scan: ItemScan): number {
  let at = from;
  while (isDigit(bytes[at])) at++;
  const whole = at - from;
  if (whole > EXACT_DIGITS) {
    scan.oddNumbers = true;
    if (whole > LONG_DIGITS) scan.hugeNumbers = true;
  }
  let integral = true;
  if (bytes[at] === POINT) {
    at++;
    while (isDigit(bytes[at])) if (bytes[at++] !== ZERO) integral = false;
    if (integral) scan.oddNumbers = true;
    if (at - from > FINITE_DIGITS) scan.hugeNumbers = true;
  } else if (negative && whole === 1 && bytes[from] === ZERO) scan.oddNumbers = true;
  if (((bytes[at] ?? 0) | 0x20) !== EXPONENT) return at;
  scan.oddNumbers = true;
  scan.hugeNumbers = true;
  return at + 1;
}

const EXPONENT = "e".charCodeAt(0);
const METADATA = new TextEncoder().encode("metadata");

function isMetadata(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start === METADATA.length) {
    for (let at = 0; at < METADATA.length; at++) if (bytes[start + at] !== METADATA[at]) return false;
    return true;
  }
  // Escapes take 6 bytes a letter.
  return (
    end - start > METADATA.length && end - start <= 6 * METADATA.length && unescaped(bytes, start, end) === "metadata"
  );
}

function unescaped(bytes: Uint8Array, start: number, end: number): string | undefined {
  const name = bytes.subarray(start, end);
  if (!name.includes(BACKSLASH)) return undefined;
  try {
    return JSON.parse(`"${String.fromCharCode(...name)}"`) as string;
  } catch {
    return undefined;
  }
}

/**
 * The event without its gaps; `sent` itself if there are none.
 * @param sent the scanned bytes of the event
 * @param start their index in the body
 */
export function withoutGaps(sent: Uint8Array, start: number, { gaps, gapBytes }: ItemScan): Uint8Array {
  if (gapBytes === 0) return sent;
  const kept = new Uint8Array(sent.length - gapBytes);
  let from = 0;
  let to = 0;
  for (let index = 0; index < gaps.length; index += 2) {
    const gap = (gaps[index] as number) - start;
    while (from < gap) kept[to++] = sent[from++] as number;
    from = (gaps[index + 1] as number) - start;
  }
  while (from < sent.length) kept[to++] = sent[from++] as number;
  return kept;
}
