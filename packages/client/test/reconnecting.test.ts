import { describe, expect, it } from "vitest";
import { HttpError, NakadiClient, NoFreeSlotError, ProtocolError } from "../src/index.ts";
import { ScriptedTransport } from "./scripted-transport.ts";
import { settle, testStream } from "./test-stream.ts";

describe("invariant 6: transient and fatal failures differ", () => {
  it.each([400, 403, 404, 406, 410, 412, 415, 422, 501, 302])(
    "FA4: a %i on opening is fatal, for every reader, every time",
    async (status) => {
      const transport = new ScriptedTransport().willOpen({ status, body: '{"title":"No","detail":"because"}' });
      const { stream, retries } = testStream({}, transport);
      const error = await stream.nextBatch().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(HttpError);
      expect(error).toMatchObject({ status });
      await expect(stream.nextBatch()).rejects.toBe(error);
      expect([stream.state, retries, transport.opened.length]).toEqual(["failed", [], 1]);
      await stream.close();
      await expect(stream.nextBatch()).rejects.toBe(error);
    },
  );

  it.each([408, 425, 429, 500, 502, 503, 504])("%i on opening is tried again", async (status) => {
    const transport = new ScriptedTransport().willOpen({ status });
    const { stream, open, pass, retries } = testStream({}, transport);
    await pass(10);
    await open();
    expect([stream.state, retries.map(({ delayMs }) => delayMs)]).toEqual(["streaming", [10]]);
    expect(retries[0]?.error).toMatchObject({ status });
  });

  it("a 401 refreshes the token once; a second one is fatal", async () => {
    const transport = new ScriptedTransport().willOpen({ status: 401 });
    const asked: boolean[] = [];
    const token = ({ refresh }: { refresh: boolean }): string => {
      asked.push(refresh);
      return refresh ? "new" : "old";
    };
    const nakadi = new NakadiClient({ baseUrl: "http://x", transport, token });
    nakadi.stream("s");
    await settle();
    expect(asked).toEqual([false, true]);
    expect(transport.opened.map(({ headers }) => headers["authorization"])).toEqual(["Bearer old", "Bearer new"]);
    expect(transport.streams).toHaveLength(1);
    await nakadi.close();

    const refusing = new ScriptedTransport().willOpen({ status: 401 }, { status: 401 });
    const other = new NakadiClient({ baseUrl: "http://x", transport: refusing, token });
    await expect(other.stream("s").nextBatch()).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    expect(refusing.opened).toHaveLength(2);
  });

  it("GO9: a stream without an id is refused, for nothing of it could be committed", async () => {
    const transport = new ScriptedTransport().willOpen({ status: 200, headers: { "x-nakadi-streamid": "" } });
    const { open, pass, retries, transport: used } = testStream({}, transport);
    await settle();
    expect(used.streams[0]?.closed).toBe(true);
    await pass(20);
    await open();
    expect(retries[0]?.error).toBeInstanceOf(ProtocolError);
  });

  it("409 is waited out quietly for flush and commit timeout together, and told about from then on", async () => {
    const transport = new ScriptedTransport();
    transport.onOpen = () => ({ status: 409, body: '{"title":"Conflict","detail":"No free slots"}' });
    const { stream, pass, retries } = testStream({ batchFlushTimeoutSeconds: 10, commitTimeoutSeconds: 20 }, transport);
    await pass(29_000, 100);
    expect([stream.state, retries]).toEqual(["waiting-for-slot", []]);
    await pass(20_000, 100);
    expect(retries[0]?.error).toBeInstanceOf(NoFreeSlotError);
    transport.onOpen = () => ({ status: 200 });
    await pass(11_000, 100);
    expect(stream.state).toBe("streaming");
  });

  it("NN5: Retry-After is honoured, in seconds and as a date, within reason", async () => {
    const transport = new ScriptedTransport().willOpen(
      { status: 429, headers: { "retry-after": "7" } },
      { status: 503, headers: { "retry-after": new Date(Date.UTC(2026, 0, 1, 0, 0, 20)).toUTCString() } },
      { status: 503, headers: { "retry-after": "1000000" } },
    );
    const { pass, retries } = testStream({}, transport);
    await pass(7_000);
    await pass(13_000);
    expect(retries.map(({ delayMs }) => delayMs)).toEqual([7_000, 13_000, 300_000]);
  });

  it("GO7: a stream that opens and ends at once, a thousand times, causes no hot loop", async () => {
    const transport = new ScriptedTransport();
    const { pass, open, retries } = testStream({}, transport);
    for (let round = 0; round < 1_000; round += 1) {
      (await open()).end();
      await pass(15_000);
    }
    // Ten seconds between two tries once the delay has grown, so a minute sees no more than a dozen.
    const waited = retries.reduce((sum, { delayMs }) => sum + delayMs, 0);
    expect(retries).toHaveLength(1_000);
    expect(waited).toBeGreaterThan(975 * 10_000);
    expect(retries.slice(0, 3).map(({ delayMs }) => delayMs)).toEqual([10, 15, 22.5]);
  });

  it("a stream whose every commit is refused causes no hot loop, whatever batches come; one that is taken starts the back-off over", async () => {
    const { stream, open, pass, retries, transport } = testStream();
    const round = async (...answers: number[]): Promise<void> => {
      const server = await open();
      for (const status of answers) {
        transport.willAnswer({ status });
        server.batch(1);
        await stream.commit((await stream.nextBatch()) ?? []).catch(() => undefined);
      }
      expect(server.closed).toBe(true);
      await pass(15_000);
    };
    for (let rounds = 0; rounds < 100; rounds += 1) await round(422);
    const waits = retries.splice(0).map(({ delayMs }) => delayMs);
    expect(waits.slice(0, 3)).toEqual([10, 15, 22.5]);
    expect(waits.slice(-50)).toEqual(Array.from({ length: 50 }, () => 10_000));
    await round(204, 422);
    await round(422);
    expect(retries.map(({ delayMs }) => delayMs)).toEqual([10, 15]);
  });

  it("NJ6: the back-off starts over after a batch, and after ten seconds of life", async () => {
    const transport = new ScriptedTransport().willOpen({ status: 500 }, { status: 500 });
    const { stream, open, pass, retries } = testStream({}, transport);
    await pass(100, 5);
    const first = await open();
    first.batch(1);
    await stream.nextBatch();
    first.fail();
    await pass(100);
    const second = await open();
    await pass(10_000);
    second.fail();
    await pass(100);
    expect(retries.map(({ delayMs }) => delayMs)).toEqual([10, 15, 10, 10]);
  });

  it("a regular end after a useful life is not reported: Commit timeout reached though all was committed, and the like", async () => {
    const { stream, open, pass, retries, transport } = testStream();
    const server = await open();
    server.batch(1);
    await stream.nextBatch();
    server.send(
      '{"cursor":{"partition":"0","offset":"1","event_type":"e","cursor_token":"t"},"info":{"debug":"Commit timeout reached"}}\n',
    );
    server.keepAlive();
    server.end();
    await pass(10);
    await open();
    expect([retries, transport.opened.length, stream.state]).toEqual([[], 2, "streaming"]);
  });
});

describe("observers", () => {
  it("GO2: onRetry gets each retry with the real wait, onHealthy each opened stream", async () => {
    const transport = new ScriptedTransport().willOpen(new Error("ECONNREFUSED"), { status: 503 });
    const { open, pass, retries, healthy } = testStream({}, transport);
    await pass(9);
    expect(transport.opened).toHaveLength(1);
    await pass(1);
    expect(transport.opened).toHaveLength(2);
    await pass(15);
    await open();
    expect([retries.map(({ error, delayMs }) => [error.code, delayMs]), healthy()]).toEqual([
      [
        ["TRANSPORT", 10],
        ["SERVER", 15],
      ],
      1,
    ]);
  });

  it("one that throws breaks nothing", async () => {
    const transport = new ScriptedTransport().willOpen({ status: 500 });
    const boom = (): never => {
      throw new Error("observer");
    };
    const { stream, open, pass } = testStream({ onRetry: boom, onHealthy: boom }, transport);
    await pass(10);
    (await open()).batch(1);
    expect((await stream.nextBatch())?.events).toEqual([{ n: 1 }]);
  });
});

describe("streams that end with their batches", () => {
  it("cause no hot loop until a commit is taken, however the streams end", async () => {
    const { stream, open, pass, retries, transport } = testStream();
    for (let round = 0; round < 40; round += 1) {
      const server = await open();
      server.batch(1);
      if (round % 2 === 0) server.end();
      else server.fail();
      await pass(15_000);
    }
    expect(retries.slice(0, 3).map(({ delayMs }) => delayMs)).toEqual([15, 22.5, 33.75]);
    expect(retries.at(-1)?.delayMs).toBe(10_000);
    const server = await open();
    const taken = stream.nextBatch();
    server.batch(1);
    server.end();
    await stream.commit((await taken) ?? []);
    const before = transport.opened.length;
    await pass(15_000);
    await open();
    retries.length = 0;
    transport.newestStream.fail();
    await pass(10);
    expect([transport.opened.length - before, retries.map(({ delayMs }) => delayMs)]).toEqual([2, [10]]);
  });
});
