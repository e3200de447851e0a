/** Requests whose token is refused: each refused token leads to one refresh, however many requests carried it. */
import { describe, expect, it, onTestFinished } from "vitest";
import { NakadiClient } from "../src/index.ts";
import { ScriptedTransport } from "./scripted-transport.ts";

/** An identity provider whose refresh the test answers, and a server that takes the tokens of `valid` only. */
function world(
  valid: Set<string>,
  requestTimeoutMs = 60_000,
): {
  nakadi: NakadiClient;
  transport: ScriptedTransport;
  refreshes: { give(token: string): void; fail(error: Error): void }[];
  hand(token: string): void;
} {
  const transport = new ScriptedTransport();
  transport.onRequest = ({ headers }) => ({
    status: valid.has((headers["authorization"] ?? "").slice("Bearer ".length)) ? 204 : 401,
  });
  const refreshes: { give(token: string): void; fail(error: Error): void }[] = [];
  let current = "old";
  const nakadi = new NakadiClient({
    baseUrl: "http://nakadi",
    transport,
    requestTimeoutMs,
    token: ({ refresh }) =>
      refresh
        ? new Promise((give, fail) => refreshes.push({ give: (token) => give((current = token)), fail }))
        : current,
  });
  onTestFinished(() => nakadi.close());
  return { nakadi, transport, refreshes, hand: (token) => void (current = token) };
}

const deleted = (nakadi: NakadiClient, count: number): Promise<unknown>[] =>
  Array.from({ length: count }, (_, n) => nakadi.subscriptions.delete(`s${n}`).catch((error: unknown) => error));
const codes = (answers: readonly unknown[]): unknown[] => [
  ...new Set(answers.map((answer) => (answer as { code?: string } | undefined)?.code)),
];

describe("requests that are refused with the same token", () => {
  it("share one refresh, and one more once that token is refused", async () => {
    const valid = new Set(["second"]);
    const { nakadi, transport, refreshes } = world(valid);
    const first = Promise.all(deleted(nakadi, 50));
    await expect.poll(() => [transport.requests.length, refreshes.length]).toEqual([50, 1]);
    const late = Promise.all(deleted(nakadi, 5));
    await expect.poll(() => transport.requests.length).toBe(55);
    refreshes[0]?.give("second");
    expect(codes([...(await first), ...(await late)])).toEqual([undefined]);
    expect(refreshes).toHaveLength(1);
    valid.clear();
    valid.add("third");
    const second = Promise.all(deleted(nakadi, 50));
    await expect.poll(() => refreshes.length).toBe(2);
    refreshes[1]?.give("third");
    expect(codes(await second)).toEqual([undefined]);
    expect(refreshes).toHaveLength(2);
  });

  it("one that is refused long after the refresh gets what it brought", async () => {
    const { nakadi, transport, refreshes } = world(new Set(["second"]));
    const answer = transport.onRequest;
    let refuse: (answer: { status: number }) => void = () => undefined;
    transport.onRequest = () => new Promise((resolve) => (refuse = resolve));
    const slow = deleted(nakadi, 1);
    await expect.poll(() => transport.requests.length).toBe(1);
    transport.onRequest = answer;
    const quick = deleted(nakadi, 1);
    await expect.poll(() => refreshes.length).toBe(1);
    refreshes[0]?.give("second");
    await Promise.all(quick);
    refuse({ status: 401 });
    expect(codes(await Promise.all(slow))).toEqual([undefined]);
    expect(refreshes).toHaveLength(1);
  });

  it("fail together where the refresh fails, brings the same token, or brings another that is refused; the next ones ask anew", async () => {
    const { nakadi, refreshes } = world(new Set(["second"]));
    const outcomes: ((refresh: (typeof refreshes)[number] | undefined) => void)[] = [
      (refresh) => refresh?.fail(new Error("away")),
      (refresh) => refresh?.give("old"),
      (refresh) => refresh?.give("other"),
    ];
    for (const [round, outcome] of outcomes.entries()) {
      const failed = Promise.all(deleted(nakadi, 10));
      await expect.poll(() => refreshes.length).toBe(round + 1);
      outcome(refreshes[round]);
      expect(codes(await failed)).toEqual([round === 0 ? "TRANSPORT" : "UNAUTHORIZED"]);
    }
    const repeated = Promise.all(deleted(nakadi, 10));
    await expect.poll(() => refreshes.length).toBe(4);
    refreshes[3]?.give("second");
    expect(codes(await repeated)).toEqual([undefined]);
  });

  it("one aborted request does not end the refresh of others, and a refresh that hangs is asked for again", async () => {
    const { nakadi, refreshes } = world(new Set(["second"]), 1_000);
    const abort = new AbortController();
    const aborted = nakadi.subscriptions.delete("s", { signal: abort.signal });
    await expect.poll(() => refreshes.length).toBe(1);
    const joined = Promise.all(deleted(nakadi, 3));
    abort.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    expect(codes(await joined)).toEqual(["TIMEOUT"]);
    const later = Promise.all(deleted(nakadi, 3));
    await expect.poll(() => refreshes.length).toBe(2);
    refreshes[1]?.give("second");
    expect(codes(await later)).toEqual([undefined]);
  });

  it("a provider that gives each caller the old token is asked once for each token that follows", async () => {
    const valid = new Set(["second"]);
    const { nakadi, refreshes, hand } = world(valid);
    const first = deleted(nakadi, 1);
    await expect.poll(() => refreshes.length).toBe(1);
    refreshes[0]?.give("second");
    await Promise.all(first);
    hand("old");
    expect(codes(await Promise.all(deleted(nakadi, 5)))).toEqual([undefined]);
    expect(refreshes).toHaveLength(1);
    valid.clear();
    valid.add("third");
    const second = Promise.all(deleted(nakadi, 5));
    await expect.poll(() => refreshes.length).toBe(2);
    refreshes[1]?.give("third");
    expect(codes(await second)).toEqual([undefined]);
  });
});
