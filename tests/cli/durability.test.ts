/**
 * Whether an answer waits for the disk cannot be seen from outside, and killing the process does not tell: what it has
 * written survives it. The system's own record of its calls does.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { BIN } from "../support/command.ts";
import { type SystemCall, systemCalls } from "../support/system-calls.ts";

const COUNT = 20;
const CALLS = "openat,pwrite64,pwritev,fdatasync,write,writev";

const mayTrace = spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;

it.skipIf(!mayTrace)("each 200 and 204 is sent after the fdatasync of its entry (needs strace)", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nakadi-durability-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const trace = join(folder, "trace");
  const broker = ["broker", "--port", "0", "--end-with-stdin", "--data", join(folder, "data")];
  const strace = ["-f", "-s", "8192", "-e", `trace=${CALLS}`, "-o", trace];
  const child = spawn("strace", [...strace, process.execPath, BIN, ...broker], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.stdin.end());
  const exited = once(child, "exit");
  const [ready] = (await once(child.stdout, "data")) as [Buffer];
  const [, url = ""] = /(http:\S+)/.exec(ready.toString()) ?? [];
  const ask = async (path: string, json: unknown, headers: Record<string, string> = {}): Promise<Response> => {
    const body = JSON.stringify(json);
    const answer = await fetch(url + path, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
    });
    expect(answer.status).toBeLessThan(300);
    return answer;
  };

  const schema = { type: "json_schema", schema: "{}" };
  await ask("/event-types", { name: "e", owning_application: "test", category: "undefined", schema });
  const created = await ask("/subscriptions", { owning_application: "test", event_types: ["e"], read_from: "begin" });
  const { id } = (await created.json()) as { id: string };
  const markers: string[] = [];
  for (let index = 0; index < COUNT; index++) {
    markers.push(`event-${index}-of-the-test`);
    await ask("/event-types/e/events", [{ marker: markers.at(-1) }]);
  }
  const stream = await fetch(`${url}/subscriptions/${id}/events?max_uncommitted_events=100`);
  const streamId = stream.headers.get("x-nakadi-streamid") ?? "";
  for (let index = 0; index < COUNT; index++) {
    const offset = `001-0001-${String(index).padStart(18, "0")}`;
    markers.push(offset);
    const cursor = { partition: "0", offset, event_type: "e", cursor_token: "t" };
    await ask(`/subscriptions/${id}/cursors`, { items: [cursor] }, { "x-nakadi-streamid": streamId });
  }
  await stream.body?.cancel();
  child.stdin.end();
  expect(await exited).toEqual([0, null]);

  const calls = systemCalls(await readFile(trace, "utf8"));
  const files = journalFilesOf(calls);
  // In order, one a marker: what was created before answered 201, and the stream says what it sends.
  const answers = calls.filter(
    ({ name, text }) => name.startsWith("write") && /HTTP\/1\.1 20[04] /.test(text) && !/x-json-stream/.test(text),
  );
  expect(answers).toHaveLength(markers.length);
  for (const [index, marker] of markers.entries()) {
    const entry = first(calls, 0, ({ text }) => files.has(fileOf(text)) && text.includes(marker));
    const sync = first(
      calls,
      entry.ended,
      ({ name, text }) => name === "fdatasync" && fileOf(text) === fileOf(entry.text),
    );
    expect(sync.text).toMatch(/= 0$/);
    expect(answers[index]?.began).toBeGreaterThan(sync.ended);
  }
});

/** Descriptors of the journal's files. */
function journalFilesOf(calls: readonly SystemCall[]): Set<string> {
  return new Set(
    calls.flatMap(({ name, text }) =>
      name === "openat" ? (/\/journal\/[^"/]+".* = (\d+)$/.exec(text)?.[1] ?? []) : [],
    ),
  );
}

function fileOf(text: string): string {
  return /^\d+/.exec(text)?.[0] ?? "";
}

function first(calls: readonly SystemCall[], from: number, found: (call: SystemCall) => boolean): SystemCall {
  const call = calls.find((each) => each.began >= from && found(each));
  if (!call) throw new Error(`No such call after line ${from} of the trace.`);
  return call;
}
