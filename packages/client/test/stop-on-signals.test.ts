/** Stages of a stop: each ends before the next begins. */
import { afterEach, describe, expect, it } from "vitest";
import { type Stoppable, stopOnSignals } from "../src/index.ts";
import { testConsumer } from "./test-consumer.ts";

const SIGNAL = "SIGUSR2";

describe("stopping on signals", () => {
  const undo: (() => void)[] = [];
  afterEach(() => {
    for (const one of undo.splice(0)) one();
  });

  /** Something of that kind, whose end the test decides. */
  function part(name: string, log: string[], kind: object = {}): Stoppable & { end: () => void } {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const stop = async (options?: object): Promise<void> => {
      log.push(`${name} ${JSON.stringify(options)}`);
      await ended;
      log.push(`${name} ended`);
    };
    return { ...kind, ...("consume" in kind ? { close: async () => stop() } : { stop }), end: () => end() };
  }

  const publisher = { publish: () => undefined };
  const outbox = { wake: () => undefined };
  const client = { consume: () => undefined };

  it("stops consumers, then publishers and outboxes, then clients, in whatever order they are given", async () => {
    const log: string[] = [];
    const parts = {
      client: part("client", log, client),
      outbox: part("outbox", log, outbox),
      consumer: part("consumer", log),
      publisher: part("publisher", log, publisher),
    };
    undo.push(stopOnSignals(Object.values(parts), { signals: [SIGNAL], drainMs: 5 }));
    process.emit(SIGNAL);
    await expect.poll(() => log).toEqual(['consumer {"drainMs":5}']);
    parts.consumer.end();
    await expect
      .poll(() => log.slice(1))
      .toEqual(["consumer ended", 'outbox {"drainMs":5}', 'publisher {"drainMs":5}']);
    parts.outbox.end();
    parts.publisher.end();
    await expect.poll(() => log.slice(4)).toEqual(["outbox ended", "publisher ended", "client undefined"]);
    parts.client.end();
    expect(process.listenerCount(SIGNAL)).toBe(0);
  });

  it("takes stages of one's own, and a failure holds none of them up", async () => {
    const log: string[] = [];
    const warnings: string[] = [];
    const note = ({ message }: Error): void => void warnings.push(message);
    process.on("warning", note);
    undo.push(() => process.off("warning", note));
    const failing: Stoppable = { stop: () => Promise.reject(new Error("cannot stop")) };
    const throwing: Stoppable = {
      close: () => {
        throw new Error("cannot close");
      },
    };
    const last = part("last", log);
    undo.push(stopOnSignals([[failing, throwing], [], [last]], { signals: [SIGNAL] }));
    process.emit(SIGNAL);
    await expect.poll(() => log).toEqual(["last {}"]);
    last.end();
    await expect.poll(() => warnings).toEqual(["cannot stop", "cannot close"]);
  });

  it("ends a consumer, a publisher and their client, and leaves nothing open", async () => {
    const { consumer, nakadi, transport, open } = testConsumer({ onEvent: () => undefined });
    const server = await open();
    undo.push(
      stopOnSignals([nakadi, nakadi.publisher("e", { category: "undefined" }), consumer], { signals: [SIGNAL] }),
    );
    process.emit(SIGNAL);
    await consumer.done;
    const state = (): unknown => {
      try {
        return nakadi.publisher("e").eventType;
      } catch (error) {
        return (error as { code: unknown }).code;
      }
    };
    await expect.poll(state).toBe("CLOSED");
    expect([server.closed, transport.streams.length]).toEqual([true, 1]);
  });

  it.each([[[{}]], [[[{}]]], [null], [[[], {}]], [[undefined]]])(
    "%j cannot be stopped: that is said at once",
    (what) => {
      expect(() => stopOnSignals(what as never, { signals: [SIGNAL] })).toThrow(
        expect.objectContaining({ code: "CONFIG", path: "what" }),
      );
      expect(process.listenerCount(SIGNAL)).toBe(0);
    },
  );
});
