/**
 * The tokens of a JSON text. A regular expression for them keeps a way back for each character of a string: a few million
 * characters use up the stack.
 * @pure
 */

/** `text.slice(start, end)`: a string with its quotes, one of `{}[],:`, or a number or word. */
export interface JsonToken {
  readonly start: number;
  readonly end: number;
}

const STRUCTURE = "{}[],:";
const SPACE = " \t\r\n";

/** In their order, in time proportional to the text. A text that is not JSON gives some tokens. */
export function* jsonTokens(text: string): Generator<JsonToken, void, undefined> {
  for (let start = 0; start < text.length;) {
    const first = text.charAt(start);
    if (SPACE.includes(first)) {
      start += 1;
      continue;
    }
    const end =
      first === '"' ? endOfString(text, start) : STRUCTURE.includes(first) ? start + 1 : endOfWord(text, start);
    yield { start, end };
    start = end;
  }
}

/** Behind the closing quote of the string that begins at `start`; the end of the text where there is none. */
export function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return text.length;
}

function endOfWord(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && !SPACE.includes(text.charAt(end)) && !STRUCTURE.includes(text.charAt(end))) {
    if (text[end] === '"') break;
    end += 1;
  }
  return end;
}
