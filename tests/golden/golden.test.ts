/** Plays what was recorded from a real Nakadi against our broker, on each of its engines. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Broker, startBroker } from "nakadi-broker";
import { afterAll, beforeAll, describe, it } from "vitest";
import { findRecordings, playRecording } from "./recordings.ts";

/** What does not pass yet, to be emptied. */
const NOT_YET: readonly string[] = [];

const recordings = findRecordings();

describe.each(["memory", "directory"])("a broker in %s answers as recorded", (engine) => {
  let broker: Broker;
  let directory: string | undefined;

  beforeAll(async () => {
    directory = engine === "directory" ? mkdtempSync(join(tmpdir(), "nakadi-golden-")) : undefined;
    broker = await startBroker({ storage: directory === undefined ? "memory" : { directory } });
  });
  afterAll(async () => {
    await broker.close();
    if (directory !== undefined) rmSync(directory, { recursive: true });
  });

  const played = recordings.filter(({ name }) => !NOT_YET.includes(name));
  // `$name` would be quoted and cut short; docs/fidelity.json names recordings in full.
  it.concurrent.each(played.map((recording) => [recording.name, recording] as const))(
    "%s",
    async (_name, recording) => playRecording(recording, broker.url),
    240_000,
  );
});
