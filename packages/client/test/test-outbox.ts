/** An outbox over a scripted transport and a clock that the test moves. */
import { ManualClock } from "nakadi-protocol";
import { onTestFinished } from "vitest";
import {
  type BusinessEvent,
  businessEvents,
  NakadiClient,
  type Outbox,
  type OutboxOptions,
  type OutboxRow,
  type RejectedRow,
} from "../src/index.ts";
import { MemoryOutbox } from "./memory-outbox.ts";
import type { ModelEvent } from "./model-broker.ts";
import { type Answer, ScriptedTransport } from "./scripted-transport.ts";

const made = businessEvents<ModelEvent>();
export const row = (n: number, eventType = "e"): OutboxRow & { event: BusinessEvent<ModelEvent> } => ({
  eventType,
  event: made({ n }),
});

/** Until everything has happened that needs no time. */
export const quiet = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export interface TestOutbox {
  store: MemoryOutbox;
  clock: ManualClock;
  transport: ScriptedTransport;
  outbox: Outbox;
  nakadi: NakadiClient;
  retries: [error: unknown, delayMs: number][];
  rejected: RejectedRow<OutboxRow>[];
  /** The events of each request, by event type. */
  sent: () => [eventType: string, numbers: number[]][];
  /** Lets this time pass. */
  pass: (ms: number) => Promise<void>;
}

type Before = { rows?: OutboxRow[]; failures?: MemoryOutbox["failures"] };

export function testOutbox(
  answers: Answer[],
  { rows = [], failures = [], ...options }: OutboxOptions & Before = {},
): TestOutbox {
  const transport = new ScriptedTransport();
  transport.onRequest = ({ method }) =>
    method === "GET" ? { status: 200, body: '{"category":"business"}' } : (answers.shift() ?? { status: 200 });
  const clock = new ManualClock();
  const nakadi = new NakadiClient({ baseUrl: "http://x", transport, clock, random: () => 0.5 });
  onTestFinished(() => nakadi.close());
  const store = new MemoryOutbox();
  store.rows = rows;
  store.failures.push(...failures);
  const retries: TestOutbox["retries"] = [];
  const rejected: TestOutbox["rejected"] = [];
  const outbox = nakadi.outbox(store, {
    onRetry: (error, delayMs) => retries.push([error, delayMs]),
    onRejected: (one) => rejected.push(one),
    publisher: { retry: { attempts: 1 } },
    ...options,
  });
  return {
    store,
    clock,
    transport,
    outbox,
    nakadi,
    retries,
    rejected,
    sent: () =>
      transport.requests
        .filter(({ method }) => method === "POST")
        .map(({ path, body }) => [
          path.split("/")[2] ?? "",
          (JSON.parse(String(body)) as ModelEvent[]).map(({ n }) => n),
        ]),
    async pass(ms) {
      await quiet();
      clock.advance(ms);
      await quiet();
    },
  };
}
