/**
 * JSON with a line for each member, from its text: numbers and escapes stay as they are.
 * @pure
 */
import { jsonTokens } from "nakadi-protocol";

export interface Paint {
  name(text: string): string;
  string(text: string): string;
  /** Numbers, true, false and null. */
  other(text: string): string;
}

const PLAIN: Paint = { name: (text) => text, string: (text) => text, other: (text) => text };

const INDENT = "  ";

/** @param json what is not JSON comes out in some form */
export function prettyJson(json: string, paint: Paint = PLAIN): string {
  const tokens = [...jsonTokens(json)];
  const parts: string[] = [];
  let depth = 0;
  const newLine = (): string => `\n${INDENT.repeat(depth)}`;
  for (const [index, { start, end }] of tokens.entries()) {
    const token = json.slice(start, end);
    const [previous, next] = [tokens[index - 1], tokens[index + 1]].map((one) => one && json[one.start]);
    if (token === "{" || token === "[") {
      depth += 1;
      parts.push(token);
      if (next !== "}" && next !== "]") parts.push(newLine());
    } else if (token === "}" || token === "]") {
      depth = Math.max(0, depth - 1);
      parts.push(previous === "{" || previous === "[" ? token : newLine() + token);
    } else if (token === ",") parts.push(token + newLine());
    else if (token === ":") parts.push(": ");
    else if (!token.startsWith('"')) parts.push(paint.other(token));
    else parts.push(next === ":" ? paint.name(token) : paint.string(token));
  }
  return parts.join("");
}
