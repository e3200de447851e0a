/**
 * JSON whose numbers keep their text: 1.0, -0, 1E5 and 9007199254740993 come out as they went in.
 * @pure
 */
import { jsonTokens } from "nakadi-protocol";

/** A number that JavaScript would write in another way is a symbol, which is described by the number's text. */
export type ExactJson = null | boolean | number | symbol | string | ExactJson[] | { [name: string]: ExactJson };

type Container = ExactJson[] | { [name: string]: ExactJson };

/** @throws {SyntaxError} if the text is not JSON */
export function parseExact(json: string): ExactJson {
  const plain = JSON.parse(json) as ExactJson;
  // Numbers are all that differs.
  if (typeof plain !== "object" && typeof plain !== "number") return plain;
  const open: Container[] = [];
  const root: ExactJson[] = [];
  let container: Container = root;
  let name: string | undefined;
  const add = (value: ExactJson): void => {
    if (Array.isArray(container)) container.push(value);
    else define(container, name ?? "", value);
    name = undefined;
  };
  for (const { start, end } of jsonTokens(json)) {
    const token = json.slice(start, end);
    if (token === "," || token === ":") continue;
    if (token === "{" || token === "[") {
      const value: Container = token === "{" ? {} : [];
      add(value);
      open.push(container);
      container = value;
    } else if (token === "}" || token === "]") container = open.pop() ?? root;
    else if (token.startsWith('"') && name === undefined && !Array.isArray(container))
      name = JSON.parse(token) as string;
    else add(scalar(token));
  }
  return root[0] ?? null;
}

/** JSON without spaces. @param value may hold what JSON has no word for: it is left out, or null, as `JSON.stringify` does */
export function exactText(value: unknown): string {
  if (typeof value === "symbol") return value.description ?? "null";
  if (Array.isArray(value)) return `[${value.map(exactText).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${exactText(member)}`).join(",")}}`;
}

/**
 * The same with JavaScript's numbers.
 * @param origins gets the arrays and objects of `value`, by their copies
 */
export function rounded(value: ExactJson, origins?: Map<unknown, ExactJson>): ExactJson {
  if (typeof value === "symbol") return Number(value.description);
  if (typeof value !== "object" || value === null) return value;
  const copy: Container = Array.isArray(value) ? value.map((part) => rounded(part, origins)) : {};
  if (!Array.isArray(value))
    for (const [name, member] of Object.entries(value)) define(copy, name, rounded(member, origins));
  origins?.set(copy, value);
  return copy;
}

function scalar(token: string): ExactJson {
  const value = JSON.parse(token) as ExactJson;
  return typeof value === "number" && String(value) !== token ? Symbol(token) : value;
}

/** As `JSON.parse` does: a member named `__proto__` is one like the others. */
function define(object: Container, name: string, value: ExactJson): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}
