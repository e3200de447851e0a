/**
 * The members of an object as they are written: what a parser makes of a value does not show how its text was.
 * @pure
 */
import { jsonTokens } from "nakadi-protocol";

export interface Member {
  name: string;
  /** Name, colon and value. */
  text: string;
}

/** @param text of an object that a parser has taken, without whitespace outside of strings */
export function membersOf(text: string): Member[] {
  const members: Member[] = [];
  let depth = 0;
  let start = 1;
  let name: string | undefined;
  for (const token of jsonTokens(text)) {
    const first = text[token.start];
    if (first === '"') name ??= JSON.parse(text.slice(token.start, token.end)) as string;
    else if (first === "[" || first === "{") depth++;
    else if ((first === "," && depth === 1) || ((first === "]" || first === "}") && --depth === 0)) {
      if (name !== undefined) members.push({ name, text: text.slice(start, token.start) });
      start = token.end;
      name = undefined;
    }
  }
  return members;
}
