/** `ensure` beside a server that starts: it waits, for so long as it may. */
import { describe, expect, it, onTestFinished } from "vitest";
import { NakadiClient, TransportError } from "../src/index.ts";
import { eventType, subscription } from "./admin-client.ts";
import { type Answer, ScriptedTransport } from "./scripted-transport.ts";

function client(): { nakadi: NakadiClient; transport: ScriptedTransport } {
  const transport = new ScriptedTransport();
  const nakadi = new NakadiClient({ baseUrl: "http://nakadi", transport });
  onTestFinished(() => nakadi.close());
  return { nakadi, transport };
}

const away = (): Answer => new TransportError("connect ECONNREFUSED", { sent: false });
const json = (body: unknown, status = 200): Answer => ({ status, body: JSON.stringify(body) });
const quick = { initialDelayMs: 1, maxDelayMs: 1 };
const ENSURED: [string, (nakadi: NakadiClient, options?: object) => Promise<unknown>][] = [
  ["an event type", (nakadi, options) => nakadi.eventTypes.ensure(eventType, options)],
  ["a subscription", (nakadi, options) => nakadi.subscriptions.ensure(subscription, options)],
];

describe.each(ENSURED)("ensuring %s", (what, ensure) => {
  it.each([
    ["cannot be reached", away],
    ["is behind a gateway that answers 502", (): Answer => ({ status: 502 })],
  ])("waits for a server that %s", async (_, answer) => {
    const { nakadi, transport } = client();
    transport.onRequest = ({ method, path }) => {
      if (transport.requests.length < 7) return answer();
      if (path.endsWith("/cursors")) return method === "GET" ? json({ items: [] }) : { status: 204 };
      return json(path.startsWith("/subscriptions") ? { ...subscription, id: "s" } : eventType);
    };
    const found = await ensure(nakadi, { retry: quick });
    expect(found).toMatchObject(what === "a subscription" ? { id: "s" } : eventType);
  });

  it("waits no longer than it may, not at all where that is wanted, and not for failures that waiting cannot repair", async () => {
    const { nakadi, transport } = client();
    transport.onRequest = away;
    for (const retry of [false, { maxElapsedMs: 0 }, { ...quick, maxElapsedMs: 1 }])
      await expect(ensure(nakadi, { retry })).rejects.toMatchObject({ code: "TRANSPORT" });
    transport.onRequest = () => ({ status: 403 });
    await expect(ensure(nakadi)).rejects.toMatchObject({ status: 403 });
    await expect(ensure(nakadi, { retry: { attempts: 3 } })).rejects.toMatchObject({ path: "options.retry.attempts" });
  });

  it("waits no more once it is aborted", async () => {
    const { nakadi, transport } = client();
    const abort = new AbortController();
    transport.onRequest = () => {
      if (transport.requests.length > 5) abort.abort(new Error("enough"));
      return away();
    };
    await expect(ensure(nakadi, { retry: quick, signal: abort.signal })).rejects.toThrow("enough");
  });
});

it("a subscription whose creation was not answered is pinned by the next try", async () => {
  const { nakadi, transport } = client();
  transport.willAnswer(new TransportError("reset"), json({ ...subscription, id: "s" }), json({ items: [] }));
  expect(await nakadi.subscriptions.ensure(subscription, { retry: quick })).toMatchObject({ id: "s" });
  expect(transport.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /subscriptions",
    "POST /subscriptions",
    "GET /subscriptions/s/cursors",
    "PATCH /subscriptions/s/cursors",
  ]);
});
