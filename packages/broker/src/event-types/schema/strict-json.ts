/**
 * The server's strict JSON parser, with its messages for faults of events and schemas (protocol 4.2, 5.3). Not recursive.
 * Stricter than the real server where that accepts invalid JSON (`\'`, `1.`).
 * @pure
 */

/** Invalid JSON. The message has a position where the server's has one, in UTF-16 code units. */
export class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";
}

export interface StrictJsonOptions {
  /** Maximum nesting of arrays and objects. */
  maxDepth: number;
  /** Called with each number that is a member or an element, and its spelling. */
  onNumber?: (container: object, key: string | number, source: string) => void;
}

type Open = { object: Record<string, unknown>; key: string } | { array: unknown[] };

/**
 * Parses one JSON value without trailing text. Leading zeros are accepted (`007` is 7).
 * @throws {JsonSyntaxError} also for duplicate keys, integers beyond 64 bits, doubles beyond their range
 */
export function parseStrictly(text: string, { maxDepth, onNumber }: StrictJsonOptions): unknown {
  const reader = new Reader(text);
  const open: Open[] = [];
  for (;;) {
    const first = reader.nextSolid();
    let value: unknown;
    let source: string | undefined;
    if (first === "{" || first === "[") {
      if (open.length >= maxDepth) throw reader.failure(`Nested deeper than ${maxDepth} levels`);
      if (first === "{") {
        const key = reader.firstName();
        if (key !== undefined) {
          open.push({ object: {}, key });
          continue;
        }
        value = {};
      } else {
        if (!reader.arrayEnds()) {
          open.push({ array: [] });
          continue;
        }
        value = [];
      }
    } else if (first === '"') value = reader.string();
    else if (first === "t") value = reader.literal("rue", true);
    else if (first === "f") value = reader.literal("alse", false);
    else if (first === "n") value = reader.literal("ull", null);
    else {
      source = reader.number(first);
      value = Number(source);
    }
    for (;;) {
      const parent = open.at(-1);
      if (parent === undefined) {
        reader.end();
        return value;
      }
      if (source !== undefined) {
        if ("array" in parent) onNumber?.(parent.array, parent.array.length, source);
        else onNumber?.(parent.object, parent.key, source);
        source = undefined;
      }
      if ("array" in parent) {
        parent.array.push(value);
        if (reader.elementFollows()) break;
        value = parent.array;
      } else {
        setOnce(parent.object, parent.key, value);
        const key = reader.nextName();
        if (key !== undefined) {
          parent.key = key;
          break;
        }
        value = parent.object;
      }
      open.pop();
    }
  }
}

function setOnce(object: Record<string, unknown>, key: string, value: unknown): void {
  if (Object.hasOwn(object, key)) throw new JsonSyntaxError(`Duplicate key "${key}"`);
  if (key === "__proto__")
    Object.defineProperty(object, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  else object[key] = value;
}

const LITERAL_NAMES: Readonly<Record<string, string>> = { rue: "true", alse: "false", ull: "null" };
const ESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
  '"': '"',
  "\\": "\\",
  "/": "/",
};
const NUMBER = /^-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/;
const INTEGER = /^-?[0-9]+$/;
const MIN_LONG = -(2n ** 63n);
const MAX_LONG = 2n ** 63n - 1n;

/** Whether a character stands for itself inside a string; false at the end of the text. */
function isPlain(code: number): boolean {
  return code >= 0x20 && code !== 0x22 && code !== 0x5c;
}

/** Reads the tokens of a text. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  failure(message: string): JsonSyntaxError {
    return new JsonSyntaxError(`${message} at pos ${this.#at}`);
  }

  /** The next character that is not whitespace. */
  nextSolid(): string {
    for (;;) {
      const character = this.#next();
      if (character !== " " && character !== "\t" && character !== "\n" && character !== "\r") return character;
    }
  }

  end(): void {
    while (this.#at < this.#text.length) {
      const character = this.#next();
      if (!" \t\n\r".includes(character)) throw this.failure(`Unexpected symbol '${character}'`);
    }
  }

  literal<T>(rest: string, value: T): T {
    if (this.#take(rest.length) !== rest) throw this.failure(`Expected ${LITERAL_NAMES[rest]} value`);
    return value;
  }

  /** After `{`: the name of the first member; `undefined` for an empty object. */
  firstName(): string | undefined {
    const character = this.nextSolid();
    return character === "}" ? undefined : this.#name(character);
  }

  /** After a member: the name of the next one; `undefined` at the end of the object. */
  nextName(): string | undefined {
    const separator = this.nextSolid();
    if (separator === "}") return undefined;
    if (separator !== ",") throw this.failure(`Unexpected symbol '${separator}' while parsing object`);
    const character = this.nextSolid();
    if (character === "}") throw this.failure("Not allowed to finish object with comma");
    return this.#name(character);
  }

  /** After `[`: whether the array is empty. */
  arrayEnds(): boolean {
    if (this.nextSolid() === "]") return true;
    this.#at--;
    return false;
  }

  /** After an element: whether another follows. */
  elementFollows(): boolean {
    const separator = this.nextSolid();
    if (separator !== "," && separator !== "]") throw this.failure(`Unexpected separator '${separator}'`);
    return separator === ",";
  }

  /** After `"`. */
  string(): string {
    let text = "";
    for (;;) {
      const start = this.#at;
      while (isPlain(this.#text.charCodeAt(this.#at))) this.#at++;
      text += this.#text.slice(start, this.#at);
      const character = this.#next();
      if (character === '"') return text;
      if (character !== "\\") throw this.failure("Illegal escape.");
      text += this.#escape();
    }
  }

  /** The text of a number without leading zeros. */
  number(first: string): string {
    if (!"0123456789-+.Ee".includes(first)) throw this.failure(`Unexpected symbol '${first}'`);
    if (!"0123456789-".includes(first)) throw this.failure(`Numbers cannot start with:'${first}'`);
    const start = this.#at - 1;
    while (this.#at < this.#text.length && "0123456789-+.Ee".includes(this.#text[this.#at] ?? "")) this.#at++;
    const text = this.#text.slice(start, this.#at);
    if (/[.eE]/.test(text)) {
      if (!NUMBER.test(text) || !Number.isFinite(Number(text))) throw this.failure(`${text} can not be used`);
    } else if (!INTEGER.test(text) || BigInt(text) < MIN_LONG || BigInt(text) > MAX_LONG) {
      throw this.failure(`Can not use long value '${text}' cause it is too big`);
    }
    return text.replace(/^(-?)0+(?=[0-9])/, "$1");
  }

  #name(character: string): string {
    if (character !== '"') throw this.failure(`Unexpected symbol '${character}'`);
    const name = this.string();
    if (this.nextSolid() !== ":") throw this.failure("Waiting for name-value separator : while parsing object");
    return name;
  }

  #escape(): string {
    const character = this.#next();
    if (character === "u") {
      const code = this.#take(4);
      if (!/^[0-9a-fA-F]{4}$/.test(code)) throw this.failure(`Illegal codepoint ${code}`);
      return String.fromCharCode(Number.parseInt(code, 16));
    }
    const meaning = ESCAPES[character];
    if (meaning === undefined) throw this.failure("Illegal escape.");
    return meaning;
  }

  #next(): string {
    const character = this.#text[this.#at];
    if (character === undefined) throw this.failure("Unexpected end of data");
    this.#at++;
    return character;
  }

  /** The server demands that more than `count` characters are left. */
  #take(count: number): string {
    if (this.#at + count >= this.#text.length) throw this.failure("Unexpected end of data");
    this.#at += count;
    return this.#text.slice(this.#at - count, this.#at);
  }
}
