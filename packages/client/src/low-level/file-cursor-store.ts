/** Positions in a file that is replaced atomically: after a crash it holds the old or the new positions. */
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { PartitionCursor } from "nakadi-protocol";
import { CursorStoreError } from "../errors/nakadi-error.ts";
import { text } from "../options/checks.ts";
import type { CursorStore } from "./cursor-store.ts";

/** Offsets by partition by event type. */
type Positions = Record<string, Record<string, string>>;

/**
 * A store for any number of event types, as JSON: `{ "order.created": { "0": "001-0001-…" } }`. One process at a time may use
 * the file. A missing file is an empty store; its folder must exist.
 * @throws {ConfigError} for an empty path; its methods throw {CursorStoreError}
 */
export function fileCursorStore(path: string): CursorStore {
  const file = text("path", path);
  let last: Promise<unknown> = Promise.resolve();
  /** Reads and writes of the file take turns. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };
  return {
    load: (eventType) =>
      inTurn(async () => {
        const positions = (await readPositions(file))[eventType] ?? {};
        return Object.entries(positions).map(([partition, offset]) => ({ partition, offset }));
      }),
    save: (eventType, cursors) =>
      inTurn(async () => {
        const positions = await readPositions(file);
        await replace(
          file,
          `${JSON.stringify({ ...positions, [eventType]: updated(positions[eventType], cursors) })}\n`,
        );
      }),
  };
}

function updated(kept: Record<string, string> = {}, cursors: readonly PartitionCursor[]): Record<string, string> {
  return { ...kept, ...Object.fromEntries(cursors.map(({ partition, offset }) => [partition, offset])) };
}

async function readPositions(file: string): Promise<Positions> {
  let content: string;
  try {
    content = await readFile(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new CursorStoreError(`cannot read the positions in ${file}`, { cause });
  }
  const positions = parsed(content);
  if (!isPositions(positions)) throw new CursorStoreError(`${file} does not hold positions as JSON`);
  return positions;
}

/** Syncs the file before the rename and the folder after it, so that a resolved `save` is durable. */
async function replace(file: string, content: string): Promise<void> {
  const next = `${file}.tmp`;
  try {
    const handle = await open(next, "w");
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(next, file);
    await syncFolder(dirname(file));
  } catch (cause) {
    await rm(next, { force: true }).catch(() => undefined);
    throw new CursorStoreError(`cannot write the positions in ${file}`, { cause });
  }
}

/** Some systems cannot sync folders; the rename is then not synced. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  try {
    await handle?.sync().catch(() => undefined);
  } finally {
    await handle?.close();
  }
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch {
    return undefined;
  }
}

function isPositions(value: unknown): value is Positions {
  const isMap = (one: unknown): one is Record<string, unknown> =>
    typeof one === "object" && one !== null && !Array.isArray(one);
  return (
    isMap(value) &&
    Object.values(value).every((one) => isMap(one) && Object.values(one).every((offset) => typeof offset === "string"))
  );
}
