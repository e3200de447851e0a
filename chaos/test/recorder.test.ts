import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { parseHistory } from "../src/history/line.ts";
import { Recorder } from "../src/history/recorder.ts";

function recorder(): Recorder {
  const folder = mkdtempSync(join(tmpdir(), "history-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return new Recorder(join(folder, "history.ndjson"));
}

it("each line is in the file when it is recorded, numbered over all and for its sender", () => {
  const history = recorder();
  const read = (): unknown =>
    parseHistory(readFileSync(history.path, "utf8")).map(({ seq, from, n }) => ({ seq, from, n }));
  history.record("a", { kind: "opening", open: "1" });
  expect(read()).toEqual([{ seq: 1, from: "a", n: 1 }]);
  history.record("b", { kind: "opening", open: "2" });
  history.record("a", { kind: "opened", open: "1", stream: "s" });
  history.end("judge");
  expect(read()).toEqual([
    { seq: 1, from: "a", n: 1 },
    { seq: 2, from: "b", n: 1 },
    { seq: 3, from: "a", n: 2 },
    { seq: 4, from: "judge", n: 1 },
  ]);
});

it("a sender that numbers its lines itself is taken at its word, so that a lost one shows", () => {
  const history = recorder();
  history.record("far", { kind: "opening", open: "1" }, 1);
  history.record("far", { kind: "opening", open: "2" }, 3);
  history.end("judge");
  expect(parseHistory(readFileSync(history.path, "utf8")).map(({ n }) => n)).toEqual([1, 3, 1]);
});

it("an older history is not written over", () => {
  const history = recorder();
  expect(() => new Recorder(history.path)).toThrow(/EEXIST/);
  history.end("judge");
});

it("a torn line is ignored", () => {
  expect(() => parseHistory('{"seq":1,"from":"a","n":1,"kind":"end"}\n{"seq":2,"fr')).toThrow(SyntaxError);
});
