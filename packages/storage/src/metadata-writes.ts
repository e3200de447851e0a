/**
 * What every engine asks of metadata writes.
 * @pure
 */
import type { Write } from "./ports.ts";

/** Whether the record has the version that the write expects; `undefined`: there is none. */
export function expected({ expect }: Write, current: number | undefined): boolean {
  if (expect === "any") return true;
  return expect === "absent" ? current === undefined : current === expect;
}

/** The writes that cause a hint. */
export function told(writes: readonly Write[]): readonly Write[] {
  return writes.filter((write) => "remove" in write || !write.unchanged);
}

/** @throws {RangeError} for a record that is written twice */
export function checkOnce(writes: readonly Write[]): void {
  const seen = new Set<string>();
  for (const { kind, id } of writes) {
    const key = JSON.stringify([kind, id]);
    if (seen.has(key)) throw new RangeError(`Record ${id} of kind ${kind} is written twice.`);
    seen.add(key);
  }
}
