/**
 * What every storage engine must do, as vitest tests: each port, used from two nodes of one engine, with good hints and
 * with odd ones. An engine calls `storageCompliance` from a `*.test.ts` of its own.
 */
import { describe } from "vitest";
import { closingCompliance } from "./closing.ts";
import { compactionCompliance } from "./compaction.ts";
import { coordinationCompliance } from "./coordination.ts";
import { fenceCompliance } from "./fence.ts";
import { hintsCompliance } from "./hints.ts";
import { leasesCompliance } from "./leases.ts";
import { logCompliance } from "./log.ts";
import { logReadingCompliance } from "./log-reading.ts";
import { metadataCompliance } from "./metadata.ts";
import { metadataHistoryCompliance } from "./metadata-history.ts";
import { retentionCompliance } from "./retention.ts";
import { withOddHints, withTwoNodes } from "./subject.ts";
import type { Subject } from "./subject.ts";

export { oddHints } from "./odd-hints.ts";
export { StoppableNode } from "./stoppable-node.ts";
export type { OpenEngine, Subject } from "./subject.ts";

const PARTS = [
  logCompliance,
  logReadingCompliance,
  retentionCompliance,
  compactionCompliance,
  metadataCompliance,
  metadataHistoryCompliance,
  coordinationCompliance,
  fenceCompliance,
  leasesCompliance,
  hintsCompliance,
  closingCompliance,
];

export function storageCompliance(subject: Subject): void {
  for (const each of [subject, withOddHints(subject)]) {
    describe(`storage compliance of ${each.name}`, () => {
      for (const part of PARTS) part(withTwoNodes(each));
    });
  }
}
