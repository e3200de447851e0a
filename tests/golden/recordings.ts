/** Recordings of a real Nakadi, and how one is played against a server. */
import { readdirSync, readFileSync } from "node:fs";
import { play } from "./player/play.mjs";

const folder = new URL("recordings/", import.meta.url);

export interface Recording {
  /** `area/name`. */
  name: string;
  /** Sections of docs/protocol.md. */
  protocol: readonly string[];
  steps: readonly object[];
}

export function findRecordings(): Recording[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Recording);
}

/** Plays a recording against a server. @throws {Error} that lists what differs, step by step */
export async function playRecording(recording: Recording, baseUrl: string): Promise<void> {
  try {
    await play(structuredClone(recording), baseUrl, false);
  } catch (error) {
    const { step, problems } = error as { step?: string; problems?: readonly unknown[] };
    if (problems === undefined) throw error;
    throw new Error(`step ${step ?? "?"}: ${problems.map((problem) => JSON.stringify(problem)).join("\n")}`, {
      cause: error,
    });
  }
}
