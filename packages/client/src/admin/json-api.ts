/** JSON requests for resources. Reads are retried; changes are sent once. */
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
 * Two retries, after a short delay or the server's `Retry-After`, because the program waits for the response. The delay runs on the
 * client's clock.
 */
const POLICY = retry(
  handleWhen(
    (error) =>
      NakadiError.is(error) && error.retryable && error.code !== "NO_FREE_SLOT" && askedMs(error) <= MAX_ASKED_MS,
  ),
  { maxAttempts: 2 },
);
const RETRY_DELAY_MS = 200;
const MAX_ASKED_MS = 10_000;

/** Items of a page; servers permit 1000. */
const PAGE_SIZE = 100;

/** The start of a page. Servers without page tokens use offsets in their links. */
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

  /** @param tries `once` if the caller retries itself */
  constructor(pipeline: HttpPipeline, clock: Clock, tries: "several" | "once" = "several") {
    this.#pipeline = pipeline;
    this.#clock = clock;
    this.#tries = tries;
  }

  /** A GET, retried after transient failures. @throws {HttpError}, {TransportError}, {TimeoutError}, {ProtocolError} */
  async get<T>(path: string, options?: CallOptions): Promise<T> {
    return this.#ask<T>({ method: "GET", path }, options);
  }

  /** A POST that changes nothing, retried like a GET. */
  async ask<T>(path: string, json: unknown, options?: CallOptions): Promise<T> {
    return this.#ask<T>({ method: "POST", path, json }, options);
  }

  /** A GET whose response is an array. */
  async list<T>(path: string, options?: CallOptions): Promise<T[]> {
    return arrayOf<T>(await this.get(path, options), `GET ${path}`);
  }

  /** A GET whose response has `items`. */
  async items<T>(path: string, options?: CallOptions): Promise<T[]> {
    const answer = await this.get<{ items?: unknown } | null>(path, options);
    return arrayOf<T>(answer?.items, `GET ${path}`);
  }

  /** A list without pages. */
  whole<T>(path: string, options?: CallOptions): Listing<T> {
    const list = async (): Promise<T[]> => this.list<T>(path, options);
    return listing(async function* () {
      yield* await list();
    });
  }

  /**
   * The items of all pages (protocol 2.6, 5.6).
   * @param first the start of the first page; each page links to the next one
   */
  pages<T>(path: string, query: Query, first: PagePlace, options?: CallOptions): Listing<T> {
    return listing(() => this.#pages<T>(path, query, first, options));
  }

  /** The result of `work`, retried while the server is unavailable. */
  whenThere<T>(wanted: WaitOptions["retry"], options: CallOptions, work: (one: Try) => Promise<T>): Promise<T> {
    return whenThere({ clock: this.#clock, signal: options.signal }, wanted, work);
  }

  /** A broken server may link back to an earlier page, so a repeated page or token is an error. */
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
      if (read.has(digest)) throw new ProtocolError("the next page is a repeated one", { request: `GET ${path}` });
      read.add(digest);
      yield* items;
      seen += items.length;
      const next: PagePlace | undefined = items.length === 0 ? undefined : nextPlace(page?._links, items.length, seen);
      const token = next?.token === undefined ? undefined : `token ${next.token}`;
      if (token !== undefined && read.has(token))
        throw new ProtocolError("the next page is a repeated one", { request: `GET ${path}` });
      if (token !== undefined) read.add(token);
      place = next;
    }
  }

  /** A request that changes a resource, sent once. A body of the response is parsed as JSON. */
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

  /** The response as text. */
  async text(path: string, { signal }: CallOptions = {}): Promise<string> {
    const call: HttpCall = { method: "GET", path };
    return this.#asked(call, signal, (body) => new TextDecoder().decode(body));
  }

  #ask<T>(call: HttpCall, { signal }: CallOptions = {}): Promise<T> {
    return this.#asked({ ...call, headers: { accept: MediaType.json } }, signal, (body) => parsed<T>(call, body));
  }

  #asked<T>(call: HttpCall, signal: AbortSignal | undefined, read: (body: Uint8Array) => T): Promise<T> {
    const policy = this.#tries === "several" ? POLICY : noop;
    let waitMs = RETRY_DELAY_MS;
    return policy.execute(async ({ attempt = 0 }: { attempt?: number }) => {
      if (attempt > 0) await pause(this.#clock, waitMs, signal);
      try {
        return read((await this.#pipeline.request(call, signal)).body);
      } catch (error) {
        waitMs = Math.max(RETRY_DELAY_MS, askedMs(error));
        throw error;
      }
    });
  }
}

/** Milliseconds of `Retry-After`. */
function askedMs(error: unknown): number {
  return error instanceof HttpError ? (error.retryAfterMs ?? 0) : 0;
}

/** The response, or `undefined` for status 404. */
export async function foundOrNot<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof HttpError && error.status === 404) return undefined;
    throw error;
  }
}

/**
 * A full page links to the next one, even if that is empty; without links the number of items decides. Only the token of a link is
 * used: links are not encoded, and their offsets are wrong after pages that are smaller than the limit.
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
    // The parser's message quotes the body.
    throw new ProtocolError("the answer is not JSON", { request: `${method} ${path.split("?", 1)[0]}` });
  }
}
