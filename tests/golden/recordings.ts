/** Recordings of a real Nakadi, where they are present (beside the repository), and the player that belongs to them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

/** As many as there are; fewer means that some were not found. */
const STORIES = 142;
const folder = new URL("../../../shared/golden/", import.meta.url);

export interface Recording {
  /** `area/name`. */
  name: string;
  /** Sections of the protocol. */
  protocol: readonly string[];
  steps: readonly object[];
}

/** Says what is wrong where the recordings have to be present: on a build server. */
export function missingRecordings(found: readonly Recording[], environment: NodeJS.ProcessEnv): string | undefined {
  if (environment["CI"] !== "true" || found.length >= STORIES) return undefined;
  return `${STORIES} recordings are expected in ${fileURLToPath(folder)}, ${found.length} are there`;
}

/** None where the folder is absent. */
export function findRecordings(): Recording[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Recording);
}

/** Plays a recording against a server. @throws {Error} that lists what differs, step by step */
export async function playRecording(recording: Recording, baseUrl: string): Promise<void> {
  const player = (await import(pathToFileURL(fileURLToPath(new URL("lib/play.mjs", folder))).href)) as {
    play(scenario: Recording, baseUrl: string, record: boolean): Promise<void>;
  };
  try {
    await player.play(structuredClone(recording), baseUrl, false);
  } catch (error) {
    const { step, problems } = error as { step?: string; problems?: readonly unknown[] };
    if (problems === undefined) throw error;
    throw new Error(`step ${step ?? "?"}: ${problems.map((problem) => JSON.stringify(problem)).join("\n")}`, {
      cause: error,
    });
  }
}
