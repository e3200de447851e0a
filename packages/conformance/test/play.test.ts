/** How stories are played, without any that is real. */
import { expect, it, describe } from "vitest";
import { type Outcome, play, playAll, stories, type Story, whySkipped } from "../src/index.ts";
import { emptyServer } from "./empty-server.ts";

const story = (name: string, act: Story["act"] = async () => undefined): Story => ({
  name,
  about: name,
  protocol: ["3"],
  act,
});
const failing = story("fails", async (stage) => {
  stage.deleteLater("a-subscription");
  throw new Error("not as promised");
});
const hanging = story("hangs", () => new Promise(() => undefined));

describe("a story", () => {
  it("that fails rejects with what it found wrong, and what it made is deleted", async () => {
    const server = await emptyServer();
    await expect(play(failing, server)).rejects.toThrow("not as promised");
    expect(server.requests).toEqual([
      expect.objectContaining({ method: "DELETE", url: "/subscriptions/a-subscription" }),
    ]);
  });

  it("that does not end is ended, by its bound or by its caller", async () => {
    const server = await emptyServer();
    await expect(play(hanging, server, { timeoutMs: 20 })).rejects.toThrow("the story did not end within 20 ms");
    const reason = new Error("enough");
    await expect(play(hanging, server, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const stop = new AbortController();
    const playing = play(hanging, server, { signal: stop.signal });
    stop.abort(reason);
    await expect(playing).rejects.toBe(reason);
  });

  it("refuses options that are not known or play nothing", async () => {
    const server = await emptyServer();
    await expect(play(failing, server, { timeout: 1 } as object)).rejects.toThrow("did you mean timeoutMs?");
    for (const timeoutMs of [0, Number.NaN, 2 ** 31])
      await expect(play(failing, server, { timeoutMs })).rejects.toMatchObject({ path: "options.timeoutMs" });
    const told = (): void => undefined;
    for (const jobs of [0, Number.NaN, 1.5])
      await expect(playAll([failing], server, { jobs, told })).rejects.toMatchObject({ path: "options.jobs" });
    expect(server.requests).toEqual([]);
  });

  it("asks with the target's token and headers, below its path", async () => {
    const server = await emptyServer();
    const asking = story("asks", async ({ wire }) => void (await wire.send("GET", "/health")));
    const target = {
      baseUrl: `${server.baseUrl}/api/`,
      token: async () => "a-token",
      headers: { "x-tenant": "seven" },
    };
    await play(asking, target);
    expect(server.requests).toEqual([
      {
        method: "GET",
        url: "/api/health",
        headers: expect.objectContaining({ authorization: "Bearer a-token", "x-tenant": "seven" }),
      },
    ]);
  });
});

describe("all stories", () => {
  it("are reported and counted", async () => {
    const server = await emptyServer();
    const breaking: Story = { ...story("breaks"), breaksConnections: true };
    const outcomes: Outcome[] = [];
    const tally = await playAll([story("works"), failing, breaking], server, {
      jobs: 2,
      told: (outcome) => void outcomes.push(outcome),
    });
    expect(tally).toEqual({ passed: 1, failed: 1, skipped: 1 });
    expect(outcomes.toSorted((a, b) => a.story.localeCompare(b.story))).toEqual([
      { story: "breaks", outcome: "skipped", reason: "needs a fault proxy" },
      { story: "fails", outcome: "failed", durationMs: expect.any(Number), error: "not as promised" },
      { story: "works", outcome: "passed", durationMs: expect.any(Number) },
    ]);
  });

  it("end with their caller, and what was not finished does not count", async () => {
    const server = await emptyServer();
    const stop = new AbortController();
    const options = { jobs: 1, told: () => stop.abort(new Error("enough")), signal: stop.signal };
    expect(await playAll([story("one"), hanging, story("two")], server, options)).toEqual({
      passed: 1,
      failed: 0,
      skipped: 0,
    });
  });

  it("have names that are unique and say what they show", () => {
    expect(new Set(stories.map(({ name }) => name)).size).toBe(stories.length);
    for (const { name, about, protocol } of stories) {
      expect(name).toMatch(/^[a-z-]+\/[a-z-]+$/);
      expect(about).toMatch(/^[A-Z].*\.$/);
      expect(protocol.length).toBeGreaterThan(0);
    }
  });

  it("that break connections need a proxy, which speaks no TLS", () => {
    const breaking: Story = { ...story("breaks"), breaksConnections: true };
    const faultProxy = (): never => {
      throw new Error("not asked for");
    };
    expect(whySkipped(breaking, { baseUrl: "http://x", faultProxy })).toBeUndefined();
    expect(whySkipped(breaking, { baseUrl: "https://x", faultProxy })).toMatch("not an http address");
    expect(whySkipped(story("peaceful"), { baseUrl: "https://x" })).toBeUndefined();
  });
});
