/**
 * JSON with a line for each member, from its text: numbers and escapes stay as they are.
 * @pure
 */
export interface Paint {
  name(text: string): string;
  string(text: string): string;
  /** Numbers, true, false and null. */
  other(text: string): string;
}

const PLAIN: Paint = { name: (text) => text, string: (text) => text, other: (text) => text };

const TOKEN = /"(?:\\.|[^"\\])*"|[{}[\],:]|[^\s{}[\],:"]+/g;
const INDENT = "  ";

/** @param json what is no JSON comes out in some form */
export function prettyJson(json: string, paint: Paint = PLAIN): string {
  const tokens = json.match(TOKEN) ?? [];
  let [text, depth] = ["", 0];
  const newLine = (): string => `\n${INDENT.repeat(depth)}`;
  for (const [index, token] of tokens.entries()) {
    const [previous, next] = [tokens[index - 1], tokens[index + 1]];
    if (token === "{" || token === "[") {
      depth += 1;
      text += token;
      if (next !== "}" && next !== "]") text += newLine();
    } else if (token === "}" || token === "]") {
      depth = Math.max(0, depth - 1);
      text += previous === "{" || previous === "[" ? token : newLine() + token;
    } else if (token === ",") text += token + newLine();
    else if (token === ":") text += ": ";
    else if (!token.startsWith('"')) text += paint.other(token);
    else text += next === ":" ? paint.name(token) : paint.string(token);
  }
  return text;
}
