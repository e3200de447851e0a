/**
 * On which line each element of a JSON array begins, so that a verdict can name it. The text has been parsed: it is JSON.
 * @pure
 */
import { endOfString } from "nakadi-protocol";

export function elementLines(text: string): number[] {
  const lines: number[] = [];
  let [line, depth, expecting] = [1, 0, false];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === "\n") {
      line += 1;
      continue;
    }
    if (character === " " || character === "\t" || character === "\r") continue;
    if (depth === 1 && expecting && character !== "]") {
      lines.push(line);
      expecting = false;
    }
    if (character === '"') at = endOfString(text, at) - 1;
    else if (character === "[" || character === "{") {
      depth += 1;
      if (depth === 1) expecting = true;
    } else if (character === "]" || character === "}") depth -= 1;
    else if (character === "," && depth === 1) expecting = true;
  }
  return lines;
}
