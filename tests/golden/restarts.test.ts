/** A restart between any two steps of a recording changes no answer: everything that was acknowledged is on disk. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findRecordings, playRecording } from "./recordings.ts";
import { RestartingRelay } from "./restarting-relay.ts";

const AREAS = /^(?:event-types|publishing|low-level|misc)\//;

const recordings = findRecordings().filter(({ name }) => AREAS.test(name));

describe("with a restart before each step", () => {
  it.concurrent.each(recordings)(
    "$name",
    async (recording) => {
      const directory = mkdtempSync(join(tmpdir(), "nakadi-restarts-"));
      const relay = await RestartingRelay.start(directory);
      try {
        await playRecording(recording, relay.url);
        // Streams stand in the way of some.
        expect(relay.restarts).toBeGreaterThanOrEqual(Math.min(2, recording.steps.length));
      } finally {
        await relay[Symbol.asyncDispose]();
        rmSync(directory, { recursive: true });
      }
    },
    240_000,
  );
});
