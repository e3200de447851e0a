/**
 * The members of an object as they are written: what a parser makes of a value does not show how its text was.
 * @pure
 */

export interface Member {
  name: string;
  /** Name, colon and value. */
  text: string;
}

const TOKENS = /("(?:[^"\\]|\\.)*")|[[{]|[\]}]|,/gu;

/** @param text of an object that a parser has taken, without whitespace outside of strings */
export function membersOf(text: string): Member[] {
  const members: Member[] = [];
  let depth = 0;
  let start = 1;
  let name: string | undefined;
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    if (token.startsWith('"')) name ??= JSON.parse(token) as string;
    else if (token === "[" || token === "{") depth++;
    else if (token === "," ? depth === 1 : --depth === 0) {
      if (name !== undefined) members.push({ name, text: text.slice(start, index) });
      start = index + 1;
      name = undefined;
    }
  }
  return members;
}
