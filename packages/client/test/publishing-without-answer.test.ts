/** `publish` when no answer comes, when time runs out, and when it is aborted. */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { NakadiClient, TransportError } from "../src/index.ts";
import { events, ONCE, scripted } from "./scripted-publisher.ts";
import { settle } from "./test-stream.ts";

describe("no answer", () => {
  it("what a try may have stored is neither aborted nor rejected by a later one", async () => {
    for (const second of [{ status: 429 }, { status: 403 }, new TransportError("refused", { sent: false })]) {
      const { publisher, inTime } = scripted([new TransportError("cut"), second], { retry: { attempts: 2 } });
      expect((await inTime(publisher.publish(events(1)))).verdicts).toMatchObject([{ status: "unknown" }]);
    }
  });

  it("`resendUnknown: false` sends nothing twice", async () => {
    const { publisher, sent } = scripted([new TransportError("cut")], { resendUnknown: false });
    expect((await publisher.publish(events(2))).verdicts.map(({ status }) => status)).toEqual(["unknown", "unknown"]);
    expect(sent()).toHaveLength(1);
  });

  it("a connection that is refused has sent nothing: aborted", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const nakadi = new NakadiClient({ baseUrl: `http://127.0.0.1:${port}` });
    onTestFinished(() => nakadi.close());
    const publisher = nakadi.publisher("e", { ...ONCE, throwOn: "never", category: "undefined" });
    const { verdicts, cause } = await publisher.publish(events(1));
    expect([verdicts[0]?.status, cause]).toMatchObject(["aborted", { code: "TRANSPORT", sent: false }]);
  });

  it.each(["closed after the request", "never answers"])(
    "a server that %s may have stored it: unknown",
    async (how) => {
      const server = createServer((socket) => {
        socket.on("error", () => undefined);
        socket.once("data", () => how.startsWith("closed") && socket.destroy());
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      onTestFinished(() => void server.close());
      const { port } = server.address() as AddressInfo;
      const nakadi = new NakadiClient({ baseUrl: `http://127.0.0.1:${port}`, requestTimeoutMs: 200 });
      onTestFinished(() => nakadi.close());
      const publisher = nakadi.publisher("e", { ...ONCE, throwOn: "never", category: "undefined" });
      expect((await publisher.publish(events(1))).verdicts[0]?.status).toBe("unknown");
    },
  );

  it("a token that cannot be had has sent nothing, also where the first one was refused", async () => {
    let calls = 0;
    const token = (): string => {
      calls += 1;
      if (calls > 1) throw new TransportError("the identity provider is away");
      return "t";
    };
    const { publisher } = scripted([{ status: 401 }], ONCE, { token });
    expect((await publisher.publish(events(1))).verdicts).toMatchObject([{ status: "aborted" }]);
  });

  it("a token that never comes ends with the call's time", async () => {
    const { publisher, inTime, transport } = scripted(
      [],
      { retry: { maxElapsedMs: 5_000 } },
      {
        token: () => new Promise<string>(() => undefined),
      },
    );
    const { verdicts, cause } = await inTime(publisher.publish(events(1)));
    expect([verdicts[0]?.status, cause?.code, transport.requests]).toEqual(["aborted", "TIMEOUT", []]);
  });
});

describe("the budget", () => {
  it("NN5: 429 is tried again when the server says, and not before", async () => {
    const { publisher, clock, sent } = scripted([{ status: 429, headers: { "retry-after": "7" } }]);
    const publishing = publisher.publish(events(1));
    await settle();
    clock.advance(6_999);
    await settle();
    expect(sent()).toHaveLength(1);
    clock.advance(1);
    expect((await publishing).verdicts).toMatchObject([{ status: "submitted", mayBeDuplicated: false }]);
  });

  it("does not wait for a time that the call will not see", async () => {
    const { publisher, clock } = scripted([{ status: 429, headers: { "retry-after": "100" } }]);
    expect((await publisher.publish(events(1))).verdicts).toMatchObject([{ status: "aborted" }]);
    expect(clock.pending).toBe(0);
  });
});

describe("ending early", () => {
  it("an abort rejects with its reason, unchanged, and leaves no timer", async () => {
    const { publisher, clock } = scripted([{ status: 503 }]);
    const abort = new AbortController();
    const publishing = publisher.publish(events(1), { signal: abort.signal });
    await settle();
    const reason = { any: "thing" };
    abort.abort(reason);
    await expect(publishing).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
  });

  it("closing the client ends a wait: the verdict is that of the answers so far", async () => {
    const { publisher, clock, nakadi } = scripted([{ status: 429 }]);
    const publishing = publisher.publish(events(1));
    await settle();
    await nakadi.close();
    expect(await publishing).toMatchObject({ verdicts: [{ status: "aborted" }], cause: { code: "CLOSED" } });
    expect(clock.pending).toBe(0);
  });

  it("closing the client ends a request: its outcome is unknown", async () => {
    const { publisher, nakadi, transport } = scripted([]);
    transport.onRequest = (_request, signal) =>
      new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));
    const publishing = publisher.publish(events(1));
    await settle();
    await nakadi.close();
    expect(await publishing).toMatchObject({ verdicts: [{ status: "unknown" }], cause: { code: "CLOSED" } });
    expect((await publisher.publish(events(1))).verdicts).toMatchObject([{ status: "aborted" }]);
  });
});
