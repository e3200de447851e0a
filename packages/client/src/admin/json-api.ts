/** Requests that read or change a resource: JSON in, JSON out, tried again where that is safe. */
import { createHash } from "node:crypto";
import { handleWhen, noop, retry } from "cockatiel";
import { type Clock, MediaType } from "nakadi-protocol";
import { HttpError, NakadiError, ProtocolError } from "../errors/nakadi-error.ts";
import { type Query, queryOf } from "../transport/base-url.ts";
import type { HttpCall, HttpPipeline } from "../transport/http-pipeline.ts";
import { pause } from "../transport/pause.ts";
import { type Listing, listing } from "./listing.ts";
import { type Try, type WaitOptions, whenThere } from "./waiting.ts";

/**
 * Two more tries, a moment apart or when the server says: whoever administers waits for the answer, but not for long. The
 * moment passes on the client's clock.
 */
const POLICY = retry(
  handleWhen(
    (error) =>
      NakadiError.is(error) && error.retryable && error.code !== "NO_FREE_SLOT" && askedMs(error) <= MAX_ASKED_MS,
  ),
  { maxAttempts: 2 },
);
const MOMENT_MS = 200;
const MAX_ASKED_MS = 10_000;

/** Larger pages mean fewer requests; 1000 is the most that servers allow. */
const PAGE_SIZE = 100;

/** Where a page of a list begins. A server that knows no tokens goes by offset and says so in its links. */
export type PagePlace = { token: string; offset?: undefined } | { offset: number; token?: undefined };

interface Page {
  items?: unknown;
  _links?: { next?: { href?: unknown } };
}

export interface CallOptions {
  signal?: AbortSignal;
}

export class JsonApi {
  readonly #pipeline: HttpPipeline;
  readonly #clock: Clock;
  readonly #tries: "several" | "once";

  /** @param tries `once` for who tries again by himself */
  constructor(pipeline: HttpPipeline, clock: Clock, tries: "several" | "once" = "several") {
    this.#pipeline = pipeline;
    this.#clock = clock;
    this.#tries = tries;
  }

  /** A GET, tried again after transient failures. @throws {HttpError}, {TransportError}, {TimeoutError}, {ProtocolError} */
  async get<T>(path: string, options?: CallOptions): Promise<T> {
    return this.#ask<T>({ method: "GET", path }, options);
  }

  /** A POST that asks and changes nothing, tried again as a GET is. */
  async ask<T>(path: string, json: unknown, options?: CallOptions): Promise<T> {
    return this.#ask<T>({ method: "POST", path, json }, options);
  }

  /** A GET whose answer is an array. */
  async list<T>(path: string, options?: CallOptions): Promise<T[]> {
    return arrayOf<T>(await this.get(path, options), `GET ${path}`);
  }

  /** A GET whose answer has `items`. */
  async items<T>(path: string, options?: CallOptions): Promise<T[]> {
    const answer = await this.get<{ items?: unknown } | null>(path, options);
    return arrayOf<T>(answer?.items, `GET ${path}`);
  }

  /** A list that the server gives as a whole. */
  whole<T>(path: string, options?: CallOptions): Listing<T> {
    const list = async (): Promise<T[]> => this.list<T>(path, options);
    return listing(async function* () {
      yield* await list();
    });
  }

  /**
   * Each item of each page (protocol 2.6, 5.6).
   * @param first where the first page begins; each page says where the next one does
   */
  pages<T>(path: string, query: Query, first: PagePlace, options?: CallOptions): Listing<T> {
    return listing(() => this.#pages<T>(path, query, first, options));
  }

  /** What `work` brings, tried again while the server is not there. */
  whenThere<T>(wanted: WaitOptions["retry"], options: CallOptions, work: (one: Try) => Promise<T>): Promise<T> {
    return whenThere({ clock: this.#clock, signal: options.signal }, wanted, work);
  }

  /** A server may lead back to a page that was read: no page of a list is the same as another one. */
  async *#pages<T>(
    path: string,
    query: Query,
    first: PagePlace,
    options?: CallOptions,
  ): AsyncGenerator<T, void, undefined> {
    const read = new Set<string>();
    let seen = 0;
    for (let place: PagePlace | undefined = first; place;) {
      const page: Page | null = await this.get(path + queryOf({ ...query, ...place, limit: PAGE_SIZE }), options);
      const items: T[] = arrayOf<T>(page?.items, `GET ${path}`);
      const digest = createHash("sha256").update(JSON.stringify(items)).digest("base64");
      if (read.has(digest)) throw new ProtocolError("the next page is one that was read", { request: `GET ${path}` });
      read.add(digest);
      yield* items;
      seen += items.length;
      const next: PagePlace | undefined = items.length === 0 ? undefined : nextPlace(page?._links, items.length, seen);
      const token = next?.token === undefined ? undefined : `token ${next.token}`;
      if (token !== undefined && read.has(token))
        throw new ProtocolError("the next page is one that was read", { request: `GET ${path}` });
      if (token !== undefined) read.add(token);
      place = next;
    }
  }

  /** A request that changes something: sent once. The answer's body is read as JSON where there is one. */
  async send<T>(
    method: HttpCall["method"],
    path: string,
    json: unknown,
    { signal }: CallOptions = {},
  ): Promise<{ status: number; body: T | undefined }> {
    const call: HttpCall = {
      method,
      path,
      headers: { accept: MediaType.json },
      ...(json === undefined ? {} : { json }),
    };
    const { status, body } = await this.#pipeline.request(call, signal);
    return { status, body: body.length === 0 ? undefined : parsed<T>(call, body) };
  }

  /** An answer that is no JSON, as text. */
  async text(path: string, { signal }: CallOptions = {}): Promise<string> {
    const call: HttpCall = { method: "GET", path };
    return this.#asked(call, signal, (body) => new TextDecoder().decode(body));
  }

  #ask<T>(call: HttpCall, { signal }: CallOptions = {}): Promise<T> {
    return this.#asked({ ...call, headers: { accept: MediaType.json } }, signal, (body) => parsed<T>(call, body));
  }

  #asked<T>(call: HttpCall, signal: AbortSignal | undefined, read: (body: Uint8Array) => T): Promise<T> {
    const policy = this.#tries === "several" ? POLICY : noop;
    let waitMs = MOMENT_MS;
    return policy.execute(async ({ attempt = 0 }: { attempt?: number }) => {
      if (attempt > 0) await pause(this.#clock, waitMs, signal);
      try {
        return read((await this.#pipeline.request(call, signal)).body);
      } catch (error) {
        waitMs = Math.max(MOMENT_MS, askedMs(error));
        throw error;
      }
    });
  }
}

/** What the server asks for with `Retry-After`. */
function askedMs(error: unknown): number {
  return error instanceof HttpError ? (error.retryAfterMs ?? 0) : 0;
}

/** What a request found, or `undefined` where it was answered 404. */
export async function foundOrNot<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof HttpError && error.status === 404) return undefined;
    throw error;
  }
}

/**
 * Full pages name a next one, even where that is empty; servers without links are taken by the number of items. A link is no
 * more than its token: it is not encoded, and one that goes by offset would not count pages that are smaller than asked for.
 */
function nextPlace(links: Page["_links"], count: number, seen: number): PagePlace | undefined {
  if (links ? links.next === undefined : count < PAGE_SIZE) return undefined;
  const href = links?.next?.href;
  const token = typeof href === "string" ? new URLSearchParams(href.replace(/^[^?]*/, "")).get("token") : null;
  return token === null ? { offset: seen } : { token };
}

function arrayOf<T>(value: unknown, request: string): T[] {
  if (Array.isArray(value)) return value as T[];
  throw new ProtocolError("the answer has no items", { request: request.split("?", 1)[0] });
}

function parsed<T>({ method, path }: HttpCall, body: Uint8Array): T {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as T;
  } catch {
    // The parser's own message quotes what it could not read.
    throw new ProtocolError("the answer is not JSON", { request: `${method} ${path.split("?", 1)[0]}` });
  }
}
