/**
 * All rows of a table in the order of their keys, as far as its pages and checksums are right, and the ranges of keys of
 * which nobody knows what they have held.
 */
import type { Table } from "../store.ts";
import type { Node } from "./page.ts";
import type { PageFile } from "./page-file.ts";
import { tableOf } from "./table-of.ts";

export interface Row {
  key: Buffer;
  value: Buffer;
}

/** Keys from one on, up to but not including another. */
export interface KeyRange {
  from: Buffer;
  /** `undefined`: up to the end of the table. */
  to: Buffer | undefined;
}

export const ALL_KEYS: KeyRange = { from: Buffer.alloc(0), to: undefined };

export type Step = { row: Row } | { lost: KeyRange };

/** @param reached gets the pages that were read as what they should be */
export function* walk(
  file: PageFile,
  table: Table,
  page: number,
  reached: Set<number>,
  range: KeyRange = ALL_KEYS,
): Generator<Step, void, undefined> {
  // Nothing is reached twice but by a wrong number.
  const found = reached.has(page) ? undefined : file.page(page);
  const keyed = found?.children?.slice(1) ?? found?.nodes;
  if (!found?.isWhole || !keyed?.every(({ key }) => isWithin(key, range))) {
    yield { lost: range };
    return;
  }
  reached.add(page);
  for (const [index, child] of (found.children ?? []).entries()) {
    const from = index === 0 ? range.from : child.key;
    yield* walk(file, table, child.page, reached, { from, to: found.children?.[index + 1]?.key ?? range.to });
  }
  if (found.nodes) yield* rowsOf(file, table, found.nodes, range);
}

/** A damaged row may have had another key: all that lies between its neighbours is unknown. */
function* rowsOf(
  file: PageFile,
  table: Table,
  nodes: readonly Node[],
  range: KeyRange,
): Generator<Step, void, undefined> {
  let from = range.from;
  let isLost = false;
  for (const node of nodes) {
    const value = file.value(node);
    if (!value || tableOf(node.key, value) !== table) {
      isLost = true;
      continue;
    }
    if (isLost) yield { lost: { from, to: node.key } };
    isLost = false;
    yield { row: { key: node.key, value } };
    from = Buffer.concat([node.key, Buffer.alloc(1)]);
  }
  if (isLost) yield { lost: { from, to: range.to } };
}

export function isWithin(key: Uint8Array, { from, to }: KeyRange): boolean {
  return Buffer.compare(key, from) >= 0 && (to === undefined || Buffer.compare(key, to) < 0);
}
