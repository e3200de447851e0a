/**
 * Changes members of a JSON object in its text; the rest of the text stays the same.
 * @pure
 */

interface Member {
  name: string;
  start: number;
  end: number;
}

/**
 * @param text a JSON object
 * @param members texts of values by name: an existing member gets the value, new members come first. Of a duplicate name the last
 *   member counts, as for JSON.parse
 */
export function spliced(text: string, members: Readonly<Record<string, string>>): string {
  const known = new Map(membersOf(text).map((member): [string, Member] => [member.name, member]));
  const names = Object.keys(members);
  const added = names.filter((name) => !known.has(name)).map((name) => `${JSON.stringify(name)}:${members[name]}`);
  const open = text.indexOf("{") + 1;
  const edits = names.flatMap((name) => {
    const member = known.get(name);
    return member ? [{ ...member, by: members[name] ?? "null" }] : [];
  });
  if (added.length > 0)
    edits.push({ name: "", start: open, end: open, by: added.join(",") + (known.size > 0 ? "," : "") });
  let result = "";
  let at = 0;
  for (const { start, end, by } of edits.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(at, start) + by;
    at = end;
  }
  return result + text.slice(at);
}

/** The text of a member's value; of a duplicate name the last one. @param text a JSON object */
export function memberText(text: string, name: string): string | undefined {
  const member = membersOf(text).findLast((one) => one.name === name);
  return member && text.slice(member.start, member.end);
}

/** Names and value ranges of an object's members. */
function membersOf(text: string): Member[] {
  const members: Member[] = [];
  let at = skipSpace(text, text.indexOf("{") + 1);
  while (text[at] === '"') {
    const nameEnd = stringEnd(text, at);
    const name = JSON.parse(text.slice(at, nameEnd)) as string;
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const end = valueEnd(text, start);
    members.push({ name, start, end });
    at = skipSpace(text, skipSpace(text, end) + 1);
  }
  return members;
}

function valueEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at] as string;
    if (character === '"') at = stringEnd(text, at) - 1;
    else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") {
      if (depth === 0) return at;
      depth -= 1;
    } else if (depth > 0 || !SCALAR_END.has(character)) continue;
    else return at;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

const SCALAR_END = new Set([",", " ", "\t", "\n", "\r"]);

function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\t" || text[at] === "\n" || text[at] === "\r") at += 1;
  return at;
}
