/** A publisher over a scripted transport and a clock that the test moves. */
import { ManualClock } from "nakadi-protocol";
import { onTestFinished } from "vitest";
import {
  NakadiClient,
  type NakadiClientOptions,
  type Publisher,
  type PublisherOptions,
  type Verdict,
} from "../src/index.ts";
import { type Answer, ScriptedTransport } from "./scripted-transport.ts";
import { settle } from "./test-stream.ts";

export interface Scripted {
  transport: ScriptedTransport;
  clock: ManualClock;
  nakadi: NakadiClient;
  publisher: Publisher;
  /** The events of each request, by `n`. */
  sent: () => number[][];
  /** Lets time pass until the promise is settled. */
  inTime: <T>(promise: Promise<T>) => Promise<T>;
}

export function scripted(
  answers: Answer[],
  options: PublisherOptions = {},
  client: Partial<NakadiClientOptions> = {},
): Scripted {
  const transport = new ScriptedTransport().willAnswer(...answers);
  transport.onRequest = () => ({ status: 200 });
  const clock = new ManualClock();
  const nakadi = new NakadiClient({ baseUrl: "http://x", transport, clock, random: () => 0.5, ...client });
  onTestFinished(() => nakadi.close());
  return {
    transport,
    clock,
    nakadi,
    publisher: nakadi.publisher("e", { throwOn: "never", category: "undefined", ...options }),
    sent: () =>
      transport.requests.map(({ body }) => (JSON.parse(String(body ?? "[]")) as { n: number }[]).map(({ n }) => n)),
    async inTime(promise) {
      let settled = false;
      const mark = (): void => void (settled = true);
      promise.then(mark, mark);
      for (await settle(); !settled; await settle()) clock.advance(clock.nextInMs ?? 0);
      return promise;
    },
  };
}

export const events = (count: number): { n: number }[] => Array.from({ length: count }, (_, n) => ({ n }));

export function items(status: number, ...of: [status: string, step: string, detail?: string][]): Answer {
  const body = of.map(([publishing_status, step, detail = ""]) => ({
    publishing_status,
    step,
    detail,
    eid: "",
    partition: null,
  }));
  return { status, body: JSON.stringify(body) };
}

export const ONCE: PublisherOptions = { retry: { attempts: 1 } };

export interface Keyed {
  key: string;
  n: number;
}

/** A publisher whose requests are answered when the test says so. */
export function held(
  options: PublisherOptions = {},
): Scripted & { publisher: Publisher<Keyed>; answer: (status?: number) => Promise<void> } {
  const test = scripted([], options);
  const waiting: ((status: number) => void)[] = [];
  test.transport.onRequest = (_request, signal) =>
    new Promise((resolve, reject) => {
      waiting.push((status) => resolve({ status }));
      signal?.addEventListener("abort", () => reject(signal.reason as Error));
    });
  return {
    ...test,
    async answer(status = 200) {
      await settle();
      waiting.shift()?.(status);
      await settle();
    },
  };
}

export const byKey: PublisherOptions<Keyed> = { partitionKey: ({ key }) => key };
export const keyed = (key: string, n: number): Keyed => ({ key, n });

export function sendAll(publisher: Publisher<Keyed>, ...events: Keyed[]): Promise<Verdict>[] {
  return events.map((event) => publisher.send(event));
}

export const status = ({ status: said }: Verdict): string => said;
