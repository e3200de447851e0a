import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { type Entry, parseHistory } from "../src/history/line.ts";
import { RecorderClient } from "../src/history/recorder-client.ts";
import { RecorderServer } from "../src/history/recorder-server.ts";
import { Recorder } from "../src/history/recorder.ts";

async function recording(hold: (entry: Entry) => Promise<void> | undefined = () => undefined) {
  const folder = mkdtempSync(join(tmpdir(), "history-"));
  const recorder = new Recorder(join(folder, "history.ndjson"));
  const server = new RecorderServer({ recorder, written: () => undefined, hold: (_, entry) => hold(entry) });
  const port = await server.listen();
  const clients: RecorderClient[] = [];
  onTestFinished(async () => {
    for (const client of clients) client.end();
    await server.close();
    rmSync(folder, { recursive: true });
  });
  return {
    client(name: string) {
      const client = new RecorderClient(port, name);
      clients.push(client);
      return client;
    },
    lines: () => parseHistory(readFileSync(recorder.path, "utf8")),
  };
}

it("a line is in the file when its sender goes on", async () => {
  const { client, lines } = await recording();
  const [a, b] = [client("a"), client("b")];
  await a.record({ kind: "opening", open: "1" });
  expect(lines()).toEqual([{ seq: 1, from: "a", n: 1, kind: "opening", open: "1" }]);
  await Promise.all([a.record({ kind: "opening", open: "ä" }), b.record({ kind: "opening", open: "3" })]);
  expect(lines().map(({ from, n }) => `${from} ${n}`)).toEqual(expect.arrayContaining(["a 1", "a 2", "b 1"]));
});

it("many lines at once keep their order", async () => {
  const { client, lines } = await recording();
  const a = client("a");
  await Promise.all(Array.from({ length: 500 }, (_, index) => a.record({ kind: "opening", open: `${index}` })));
  expect(lines().map(({ n }) => n)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
});

it("a sender that is held continues when it is released, and its line is written before that", async () => {
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const { client, lines } = await recording((entry) => (entry.kind === "publishing" ? held : undefined));
  const a = client("a");
  let isDone = false;
  const done = a
    .record({ kind: "publishing", call: "1", attempt: 1, eventType: "et", ids: [] })
    .then(() => (isDone = true));
  await a.record({ kind: "opening", open: "1" });
  expect(isDone).toBe(false);
  expect(lines()).toHaveLength(2);
  letGo();
  await done;
});
