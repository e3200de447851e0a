/** Events from files and standard input: JSON arrays, single JSON objects, or one object a line (NDJSON). */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { TextDecoder } from "node:util";
import { LineSplitter, LineTooLongError } from "nakadi-protocol";
import type { Input } from "../../context.ts";
import { Failure } from "../../failure.ts";
import { arrayElements } from "./array-elements.ts";

export interface SourcedEvent {
  /** The event as it is written: a JSON object. */
  text: string;
  file: string;
  /** Where it begins, from 1. */
  line: number;
}

export interface EventFile {
  /** `-` is standard input. */
  name: string;
  chunks: AsyncIterable<Uint8Array>;
  /** `undefined` where it is not known. */
  bytes: number | undefined;
}

const STDIN = "-";
/** Beyond what any server takes as one request. */
const MAX_DOCUMENT_BYTES = 512 * 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const UTF_8 = new TextDecoder("utf-8", { fatal: true });

/** @throws {Failure} if one of them cannot be read */
export async function openFiles(names: readonly string[], stdin: Input): Promise<EventFile[]> {
  const wanted = names.length === 0 ? [STDIN] : names;
  return Promise.all(wanted.map(async (name) => (name === STDIN ? openInput(stdin) : openFile(name))));
}

function openInput(stdin: Input): EventFile {
  const name = "standard input";
  if (stdin.isDirectory)
    throw new Failure(`cannot read ${name}: it is a directory. Name its files behind the event type`);
  return { name, chunks: stdin, bytes: undefined };
}

async function openFile(name: string): Promise<EventFile> {
  const status = await stat(name).catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Failure(`cannot read ${name}: ${code === "ENOENT" ? "there is no such file" : message}`);
  });
  if (status.isDirectory())
    throw new Failure(`cannot read ${name}: it is a directory. Name its files: ${name}/*.ndjson`);
  return { name, chunks: lazily(() => createReadStream(name)), bytes: status.isFile() ? status.size : undefined };
}

/** Opens a file when it is its turn. */
async function* lazily(open: () => AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  yield* open();
}

/**
 * The events of one file. Where the first line is not JSON by itself, the whole file is one document.
 * @param onBytes told how much was read
 * @throws {Failure} with file and line, where something is not an event
 */
export async function* eventsOf(
  { name, chunks }: EventFile,
  onBytes: (bytes: number) => void,
): AsyncGenerator<SourcedEvent, void, undefined> {
  let reader: LineEvents | DocumentEvents | undefined;
  try {
    for await (const chunk of chunks) {
      onBytes(chunk.length);
      reader ??= startsArray(chunk) ? new DocumentEvents(name) : new LineEvents(name);
      if (reader instanceof LineEvents) {
        yield* reader.push(chunk);
        if (reader.isDocument) reader = reader.asDocument();
      } else {
        reader.push(chunk);
      }
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (error instanceof LineTooLongError) {
      const line = reader instanceof LineEvents ? `:${reader.line + 1}` : "";
      throw new Failure(`${name}${line}: ${error.message.replace(/\.$/, "")}`);
    }
    throw new Failure(`cannot read ${name}: ${(error as Error).message}`);
  }
  if (reader) yield* reader.end();
}

/** A byte order mark may stand before it. */
function startsArray(chunk: Uint8Array): boolean {
  const WHITE_OR_MARK = [0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf];
  const first = chunk.find((byte) => !WHITE_OR_MARK.includes(byte));
  return first === "[".charCodeAt(0);
}

class LineEvents {
  /** The first line that is not empty is not JSON by itself. */
  isDocument = false;
  readonly #name: string;
  readonly #splitter = new LineSplitter(MAX_LINE_BYTES);
  #read: Uint8Array[] = [];
  /** The last one that was read, from 1. */
  line = 0;
  #sawEvent = false;

  constructor(name: string) {
    this.#name = name;
  }

  *push(chunk: Uint8Array): Generator<SourcedEvent, void, undefined> {
    if (!this.#sawEvent) this.#read.push(chunk);
    for (const line of this.#splitter.push(chunk)) {
      yield* this.#eventOf(line);
      if (this.isDocument) return;
    }
  }

  *end(): Generator<SourcedEvent, void, undefined> {
    yield* this.push(Uint8Array.of("\n".charCodeAt(0)));
    if (this.isDocument) yield* this.asDocument().end();
  }

  asDocument(): DocumentEvents {
    const document = new DocumentEvents(this.#name);
    for (const chunk of this.#read) document.push(chunk);
    return document;
  }

  *#eventOf(bytes: Uint8Array): Generator<SourcedEvent, void, undefined> {
    this.line += 1;
    const text = textOf(bytes, `${this.#name}:${this.line}`);
    if (text.trim() === "") return;
    const parsed = tryParse(text);
    if (parsed === undefined && !this.#sawEvent) {
      this.isDocument = true;
      return;
    }
    if (parsed === undefined) throw noJson(text, this.#name, this.line);
    demandObject(parsed, `${this.#name}:${this.line}`);
    yield { text, file: this.#name, line: this.line };
    this.#sawEvent = true;
    this.#read = [];
  }
}

class DocumentEvents {
  readonly #name: string;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(name: string) {
    this.#name = name;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_DOCUMENT_BYTES) return;
    throw new Failure(`${this.#name} is larger than ${MAX_DOCUMENT_BYTES} bytes: write one event a line (NDJSON)`);
  }

  *end(): Generator<SourcedEvent, void, undefined> {
    const text = textOf(Buffer.concat(this.#chunks), this.#name);
    const parsed = tryParse(text);
    if (parsed === undefined) throw noJson(text, this.#name, 1);
    if (!Array.isArray(parsed)) {
      demandObject(parsed, `${this.#name}:1`);
      yield { text, file: this.#name, line: 1 };
      return;
    }
    let index = 0;
    for (const element of arrayElements(text)) {
      demandObject(parsed[index], `${this.#name}:${element.line}`);
      index += 1;
      yield { ...element, file: this.#name };
    }
  }
}

function textOf(bytes: Uint8Array, place: string): string {
  try {
    return UTF_8.decode(bytes);
  } catch {
    throw new Failure(`${place}: this is not UTF-8`);
  }
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function demandObject(parsed: unknown, place: string): void {
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return;
  throw new Failure(`${place}: an event is a JSON object, not ${kindOf(parsed)}`);
}

function kindOf(parsed: unknown): string {
  if (Array.isArray(parsed)) return "an array";
  return typeof parsed === "string" ? "a text" : JSON.stringify(parsed);
}

/** V8's message says how far it was JSON, and quotes what the person typed. */
function noJson(text: string, name: string, firstLine: number): Failure {
  let message = "";
  try {
    JSON.parse(text);
  } catch (error) {
    ({ message } = error as Error);
  }
  const [, position = text.trimEnd().length] = /position (\d+)/.exec(message) ?? [];
  const line = lineAt(text, Number(position), firstLine);
  const advice = message.includes("after JSON") ? ". More than one JSON text stand on a line each, as from jq -c" : "";
  return new Failure(`${name}:${line}: this is not JSON: ${message}${advice}`);
}

function lineAt(text: string, index: number, firstLine: number): number {
  return firstLine + text.slice(0, index).split("\n").length - 1;
}
