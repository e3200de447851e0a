/** Drives a PublishRun: sends its requests and waits its back-offs until each event has its verdict. */
import { type Category, type Clock, type EventType, Header, MediaType } from "nakadi-protocol";
import { NakadiError, ProtocolError } from "../errors/nakadi-error.ts";
import type { Logger } from "../observability/logger.ts";
import { pathOf } from "../transport/base-url.ts";
import type { HttpCall, HttpPipeline } from "../transport/http-pipeline.ts";
import { pause } from "../transport/pause.ts";
import { sharedSignal } from "../transport/shared-signal.ts";
import { type Answer, answered, answeredToTombstones, failed } from "./answer.ts";
import type { Encoder } from "./compression.ts";
import type { EventText } from "./event-text.ts";
import { PublishRun, type RunLimits } from "./publish-run.ts";
import type { PublishResult, Verdict } from "./verdict.ts";

export interface SenderParts {
  pipeline: HttpPipeline;
  eventType: string;
  clock: Clock;
  /** 0 up to 1. */
  random: () => number;
  logger: Logger;
  /** Aborted when the publisher is closed. */
  closed: AbortSignal;
  encode: Encoder;
}

export interface SendOptions {
  limits: RunLimits;
  maxEventBytes: number;
  as: "events" | "tombstones";
  headers: Readonly<Record<string, string>>;
  /** When the call began, by the monotonic clock. */
  startedMs: number;
  signal: AbortSignal | undefined;
}

export const RESOURCES = { events: "events", tombstones: "deleted-events" } as const;

/** One request with the events of these indexes. @throws only an abort's reason */
type Try = (events: readonly number[], timeoutMs: number, signal: AbortSignal) => Promise<Answer>;

export class EventSender {
  readonly #parts: SenderParts;
  readonly #path: string;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#path = pathOf("event-types", parts.eventType);
  }

  /** Rejects only with an abort's reason. */
  async send(events: readonly EventText[], options: SendOptions): Promise<PublishResult> {
    const sendable = events.filter(({ bytes }) => bytes <= options.maxEventBytes);
    const { pipeline, encode } = this.#parts;
    const run = new PublishRun(sendable.length, options.limits);
    let sent = false;
    await this.#drive(
      run,
      options,
      () => sent,
      async (indexes, timeoutMs, signal) => {
        sent = false;
        const texts = indexes.map((index) => sendable[index]?.text);
        const { body, encoding } = await encode(`[${texts.join(",")}]`);
        const call: HttpCall = {
          method: "POST",
          path: `${this.#path}/${RESOURCES[options.as]}`,
          headers: {
            accept: `${MediaType.json}, ${MediaType.problem}`,
            ...(encoding === undefined ? {} : { [Header.contentEncoding]: encoding }),
            ...options.headers,
          },
          body,
        };
        const outcome = await pipeline.attempt(call, timeoutMs, signal, (isSent) => (sent = isSent));
        if ("error" in outcome) return failed(outcome.error, outcome.sent, indexes.length);
        const { response } = outcome;
        const read = options.as === "events" ? answered : answeredToTombstones;
        return read(response, indexes.length, () => pipeline.errorOf(call, response, response.body));
      },
    );
    const verdicts = run.verdicts(sendable.map(({ eid }) => eid));
    if (sendable.length === events.length) return { verdicts, cause: run.cause };
    const decided = verdicts.values();
    const all = events.map((event) =>
      event.bytes <= options.maxEventBytes ? decided.next().value : tooLarge(event, options.maxEventBytes),
    );
    return { verdicts: all as Verdict[], cause: run.cause };
  }

  /** The event type's category, or the verdict on every event if it cannot be found. Rejects only with an abort's reason. */
  async category(
    options: SendOptions,
  ): Promise<{ category: Category } | { verdict: Verdict; cause: NakadiError | undefined }> {
    const { pipeline } = this.#parts;
    const call: HttpCall = { method: "GET", path: this.#path, headers: { accept: MediaType.json } };
    let category: Category | undefined;
    const run = new PublishRun(1, options.limits);
    await this.#drive(
      run,
      options,
      () => false,
      async (_, timeoutMs, signal) => {
        const outcome = await pipeline.attempt(call, timeoutMs, signal);
        if ("error" in outcome) return failed(outcome.error, false, 1);
        const { response } = outcome;
        if (response.status === 200) {
          category = categoryOf(response.body);
          if (category) return { items: [{ status: "submitted" }], next: "stop", error: undefined };
          return failed(new ProtocolError("the answer is not an event type"), false, 1);
        }
        const error = pipeline.errorOf(call, response, response.body);
        // A 404 would be the answer to the events as well. Other refusals concern this request alone.
        if (response.status === 404) return answered(response, 1, () => error);
        return failed(error, false, 1);
      },
    );
    const [verdict] = run.verdicts([undefined]);
    if (category) return { category };
    return { verdict: verdict as Verdict, cause: run.cause };
  }

  /** @param mayBeStored whether the server may have stored events of the request in flight */
  async #drive(
    run: PublishRun,
    { limits, startedMs, signal }: SendOptions,
    mayBeStored: () => boolean,
    attempt: Try,
  ): Promise<void> {
    const { clock, random, closed, logger, eventType } = this.#parts;
    const elapsedMs = (): number => clock.monotonicMs() - startedMs;
    for (let { next } = run; next; { next } = run) {
      if (closed.aborted) return run.stop(closedError());
      const timeoutMs = Math.max(1, limits.maxElapsedMs - elapsedMs());
      const count = next.length;
      const answer = await untilAborted(closed, signal, (either) => attempt(next, timeoutMs, either));
      const delayMs = run.take(answer ?? failed(closedError(), mayBeStored(), count), elapsedMs(), random());
      if (!run.next || delayMs === 0) continue;
      logger.info({ eventType, events: run.next.length, code: run.cause?.code, delayMs }, "publish retried");
      await pause(clock, delayMs, signal, closed);
    }
  }
}

/** `undefined` if `closed` was aborted; an abort of `signal` rejects with its reason. Neither waits for a transport that ignores signals. */
async function untilAborted<T>(
  closed: AbortSignal,
  signal: AbortSignal | undefined,
  work: (either: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  signal?.throwIfAborted();
  const either = new AbortController();
  const abort = (): void => either.abort(signal?.reason);
  sharedSignal(closed).addEventListener("abort", abort, { once: true });
  if (signal) sharedSignal(signal).addEventListener("abort", abort, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      either.signal.addEventListener("abort", () => reject(either.signal.reason as Error), { once: true });
      work(either.signal).then(resolve, reject);
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (closed.aborted) return undefined;
    throw error;
  } finally {
    closed.removeEventListener("abort", abort);
    signal?.removeEventListener("abort", abort);
  }
}

export function closedError(): NakadiError {
  return new NakadiError("CLOSED", "the publisher is closed");
}

function tooLarge({ eid, bytes }: EventText, maxBytes: number): Verdict {
  const detail = `Event too large: ${bytes} bytes, max size is ${maxBytes} bytes`;
  return { status: "rejected", eid, step: "validating", detail, mayBeDuplicated: false };
}

const CATEGORIES = new Set<unknown>(["undefined", "business", "data"]);

function categoryOf(body: Uint8Array): Category | undefined {
  try {
    const { category } = JSON.parse(new TextDecoder().decode(body)) as Partial<EventType>;
    return CATEGORIES.has(category) ? category : undefined;
  } catch {
    return undefined;
  }
}
