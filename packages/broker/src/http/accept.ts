/**
 * Whether an `Accept` header allows JSON (protocol 0.2). Streams ignore the header.
 * @pure
 */
import { isKnownCharset } from "./charset.ts";

/** `unreadable`: an entry of the header is not a media range. */
export type JsonAcceptance = "accepted" | "refused" | "unreadable";

/** The two spellings of "anything"; `*` comes from old clients. */
const ANYTHING = ["*/*", "*"];
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const RANGE = new RegExp(`^(?:\\*|${TOKEN}/${TOKEN})$`);
const PARAMETER = new RegExp(`^(${TOKEN})\\s*=\\s*(${TOKEN}|"[^"]*")$`);
/** `json`, or a subtype with the suffix `+json`. */
const JSON_RANGE = /^application\/(?:\*|json|[^/]+\+json)$/;

/** Whether one of the ranges fits JSON; without a header, JSON is accepted. */
export function jsonAcceptance(accept: string | undefined): JsonAcceptance {
  const ranges = splitOutsideQuotes(accept ?? "", ",").filter((range) => range.trim() !== "");
  if (ranges.length === 0) return "accepted";
  const read = ranges.map(readRange);
  if (read.includes("unreadable")) return "unreadable";
  return read.includes("accepted") ? "accepted" : "refused";
}

function readRange(range: string): JsonAcceptance {
  const [type = "", ...parameters] = splitOutsideQuotes(range, ";").map((part) => part.trim());
  const name = type.toLowerCase();
  // `text/*` is a media range, `*/json` is not.
  if (!RANGE.test(name) || (name.startsWith("*/") && name !== "*/*")) return "unreadable";
  let quality = 1;
  for (const parameter of parameters.filter((one) => one.includes("="))) {
    const [, key = "", value = ""] = PARAMETER.exec(parameter) ?? [];
    const text = value.replaceAll('"', "");
    if (key === "" || text === "") return "unreadable";
    if (key.toLowerCase() === "charset" && !isKnownCharset(text)) return "unreadable";
    if (key.toLowerCase() !== "q") continue;
    quality = Number(text);
    if (!(quality >= 0 && quality <= 1)) return "unreadable";
  }
  return quality > 0 && (ANYTHING.includes(name) || JSON_RANGE.test(name)) ? "accepted" : "refused";
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') quoted = !quoted;
    else if (text[at] === separator && !quoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
