/**
 * Every metadata record of one kind, in the port's order, read page by page.
 * @pure
 */
import type { MetadataPort, Versioned } from "./ports.ts";

const PAGE = 1_000;

/** @param after where to begin: behind this id, at the first record where it is left out */
export async function* eachRecord<T>(
  metadata: MetadataPort,
  kind: string,
  after?: string,
): AsyncGenerator<Versioned<T> & { id: string }, void, undefined> {
  for (let last = after; ;) {
    const page = await metadata.list<T>(kind, { limit: PAGE, ...(last !== undefined && { after: last }) });
    yield* page;
    last = page.at(-1)?.id;
    if (page.length < PAGE) return;
  }
}
