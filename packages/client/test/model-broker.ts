/** A broker in a few lines, for one event type: what it holds, and a weather that comes between it and the client. */
import type { Clock } from "nakadi-protocol";
import { TimeoutError, TransportError } from "../src/index.ts";
import type { BufferedResponse, RequestLimits, Transport, TransportRequest } from "../src/transport/transport.ts";

/** What becomes of one request. */
export type Weather =
  /** The events at these places (counted around) are bad; without any, all are stored. */
  | { kind: "fine"; bad: readonly number[] }
  /** As `fine`, but the answer never arrives. */
  | { kind: "lost-after"; bad: readonly number[]; how: "cut" | "timeout" | number; body: string }
  /** The request never arrives; the client cannot know. */
  | { kind: "lost-before"; how: "cut" | "timeout" | number; body: string }
  /** Not one byte leaves. */
  | { kind: "unsent" }
  /** Item by item: what it says, and whether it is stored. */
  | {
      kind: "items";
      status: 207 | 422;
      items: readonly { says: "submitted" | "failed" | "aborted"; stored: boolean }[];
    }
  /** Refused as a whole. */
  | { kind: "refused"; status: number; body: string; retryAfter?: string };

export interface ModelEvent {
  n: number;
}

export class ModelBroker implements Transport {
  /** Events that are stored, in their order, as often as they are. */
  readonly stored: number[] = [];
  readonly requests: { events: number[]; eids: (string | undefined)[] }[] = [];
  readonly #clock: Clock;
  readonly #weather: Weather[];
  /** Milliseconds that each request is under way, in turn. */
  readonly #delaysMs: readonly number[];

  constructor(clock: Clock, weather: readonly Weather[], delaysMs: readonly number[] = []) {
    this.#clock = clock;
    this.#delaysMs = delaysMs;
    this.#weather = [...weather];
  }

  async request({ method, body }: TransportRequest, limits: RequestLimits): Promise<BufferedResponse> {
    if (method === "GET") return answer(200, '{"category":"business"}');
    const events = JSON.parse(String(body)) as (ModelEvent & { metadata?: { eid?: string } })[];
    this.requests.push({ events: events.map(({ n }) => n), eids: events.map(({ metadata }) => metadata?.eid) });
    const weather = this.#weather.shift() ?? { kind: "fine", bad: [] };
    const delayMs = this.#delaysMs[this.requests.length % this.#delaysMs.length] ?? 0;
    if (delayMs > 0) await new Promise<void>((resolve) => this.#clock.schedule(delayMs, resolve));
    switch (weather.kind) {
      case "fine":
        return this.#take(events, weather.bad);
      case "lost-after":
        this.#take(events, weather.bad);
        return this.#lose(weather.how, weather.body, limits);
      case "lost-before":
        return this.#lose(weather.how, weather.body, limits);
      case "unsent":
        throw new TransportError("refused", { sent: false });
      case "items":
        return this.#itemByItem(events, weather);
      case "refused":
        return answer(
          weather.status,
          weather.body,
          weather.retryAfter === undefined ? {} : { "retry-after": weather.retryAfter },
        );
    }
  }

  openStream(): Promise<never> {
    throw new Error("no stream is expected");
  }

  /** All or nothing, as Nakadi does before it asks its storage (protocol 4.3). */
  #take(events: readonly ModelEvent[], bad: readonly number[]): BufferedResponse {
    const first = events.findIndex((_, index) => bad.some((place) => place % events.length === index));
    if (first < 0) {
      this.stored.push(...events.map(({ n }) => n));
      return answer(200, "");
    }
    const items = events.map((_, index) => ({
      publishing_status: index === first ? "failed" : "aborted",
      step: index <= first ? "validating" : "none",
      detail: index === first ? "bad" : "",
      eid: "",
      partition: null,
    }));
    return answer(422, JSON.stringify(items));
  }

  #itemByItem(events: readonly ModelEvent[], { status, items }: Weather & { kind: "items" }): BufferedResponse {
    const responses = events.map(({ n }, index) => {
      const { says, stored } = items[index % items.length] ?? { says: "submitted", stored: true };
      if (stored) this.stored.push(n);
      return { publishing_status: says, step: "publishing", detail: "", eid: "", partition: "0" };
    });
    return answer(status, JSON.stringify(responses));
  }

  #lose(how: "cut" | "timeout" | number, body: string, { timeoutMs }: RequestLimits): Promise<BufferedResponse> {
    if (typeof how === "number") return Promise.resolve(answer(how, body));
    return new Promise((_, reject) => {
      if (how === "cut") reject(new TransportError("cut"));
      else this.#clock.schedule(timeoutMs, () => reject(new TimeoutError("late")));
    });
  }
}

function answer(status: number, body: string, headers: Record<string, string> = {}): BufferedResponse {
  return { status, headers, body: new TextEncoder().encode(body) };
}
