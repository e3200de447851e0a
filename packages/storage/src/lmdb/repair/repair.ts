/**
 * Checks every page and row of a data directory and, where something is lost, writes what is left into a new file. The old
 * one is kept, and never mapped: a file that was cut off would kill the process.
 */
import { DataDirectoryError } from "../../data-directory-error.ts";
import { DataDirectory } from "../data-directory.ts";
import { openStore, TABLES } from "../store.ts";
import type { Table } from "../store.ts";
import { unusable } from "../../directory/system-refusal.ts";
import { examine } from "./examine.ts";
import type { Examined } from "./examine.ts";
import { PageFile } from "./page-file.ts";
import { rebuild } from "./rebuild.ts";
import type { Rebuilt } from "./rebuild.ts";
import { salvage } from "./salvage.ts";

/** `check`: what is there; `search`: what nothing leads to any more; `write`: all of it anew. */
export type RepairStep = "check" | "search" | "write";

export interface RepairOptions {
  /** How far a step has come. */
  onProgress?: (step: RepairStep, done: number, total: number) => void;
  /** Once aborted the repair ends, with everything as it was. */
  signal?: AbortSignal;
}

export interface TableCount {
  kept: number;
  /** How many there were; `undefined` where nobody knows. */
  of: number | undefined;
}

interface Repaired extends Pick<Rebuilt, "partitions" | "homeless"> {
  /** Where the damaged file is now. */
  keptAt: string;
  rows: ReadonlyMap<Table, TableCount>;
}

/**
 * `healthy`: nothing was wrong, nothing was changed; `marked`: nothing was wrong but what is noted of format and last stop,
 * which is right now.
 */
export type RepairOutcome = { outcome: "healthy" | "marked"; events: number } | ({ outcome: "rebuilt" } & Repaired);

/** @throws {DataDirectoryError} with everything as it was; the signal's reason */
export async function repairDirectory(
  path: string,
  { onProgress = () => undefined, signal }: RepairOptions = {},
): Promise<RepairOutcome> {
  const directory = await DataDirectory.takeDamaged(path);
  let file: PageFile | undefined;
  const turn = async (step: RepairStep, done: number, total: number): Promise<void> => {
    await new Promise((resolve) => void setImmediate(resolve));
    onProgress(step, done, total);
    signal?.throwIfAborted();
  };
  try {
    const pages = (file = openFile(directory)).pages;
    const examined = await examine(file, (done) => turn("check", done, pages));
    const isWhole = [...examined.tables.values()].every(({ lost }) => lost.length === 0);
    if (isWhole && directory.damage() === undefined) {
      const { events } = tableIn(examined, "frames");
      if (!directory.isMarkedWrongly) return { outcome: "healthy", events };
      directory.renewMarks();
      return { outcome: "marked", events };
    }
    const found = await salvage(file, examined, (done) => turn("search", done, pages));
    const store = openStore(directory.prepareNewData());
    let rebuilt: Rebuilt;
    try {
      rebuilt = await rebuild({ file, examined, found, store, turn: (done, total) => turn("write", done, total) });
    } finally {
      await store.close();
    }
    const { written, partitions, homeless } = rebuilt;
    if (written.size === 0) throw hopeless(directory, "holds nothing that can be read");
    const rows = new Map(
      TABLES.map((table): [Table, TableCount] => [
        table,
        { kept: written.get(table) ?? 0, of: tableIn(examined, table).expected },
      ]),
    );
    return { outcome: "rebuilt", partitions, homeless, rows, keptAt: directory.replaceData() };
  } catch (error) {
    directory.dropNewData();
    throw signal?.aborted ? signal.reason : unusable(path, error);
  } finally {
    file?.close();
    await directory.release();
  }
}

function openFile(directory: DataDirectory): PageFile {
  try {
    return new PageFile(directory.dataFile);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw hopeless(directory, "is missing");
    throw error;
  }
}

function hopeless({ path, dataFile }: DataDirectory, what: string): DataDirectoryError {
  const message = `${dataFile} ${what}: nothing can be saved. Put a backup in its place, or choose a new directory`;
  return new DataDirectoryError("damaged", path, message);
}

function tableIn({ tables }: Examined, name: Table): NonNullable<ReturnType<Examined["tables"]["get"]>> {
  const table = tables.get(name);
  if (!table) throw new Error(`The table ${name} was not examined.`);
  return table;
}
