/**
 * A node that has closed its storage: nothing works there any more, and everything on the others.
 */
import { describe, expect, it } from "vitest";
import { StorageClosedError } from "../storage-errors.ts";
import type { Storage } from "../ports.ts";
import { NO_ONE } from "./groups.ts";
import { ALL, appendTo, KEEP, records } from "./log-records.ts";
import { NEVER } from "./subject.ts";
import type { WithTwoNodes } from "./subject.ts";

export function closingCompliance(twoNodes: WithTwoNodes): void {
  describe("closing a node", () => {
    it(
      "ends every method on it, and nothing on the other one",
      twoNodes(async ({ a, b }) => {
        await a.log.create("x", 1, KEEP);
        await a.close();
        await a.close();
        for (const call of callsOn(a)) await expect((async () => call())()).rejects.toThrow(StorageClosedError);
        for (const call of callsOn(b)) await call();
      }),
    );

    it(
      "ends its listeners",
      twoNodes.timed(async ({ a, b, clock }) => {
        await b.log.create("x", 1, KEEP);
        let hints = 0;
        const count = (): void => void hints++;
        a.log.onAppend("x", 0, count);
        a.metadata.onWrite("kind", null, count);
        a.coordination.onChange("sub", count);
        await a.close();
        await appendTo(b.log, "x", 0, records("p"));
        await b.metadata.write([{ kind: "kind", id: "id", expect: "any", value: 1 }]);
        await b.coordination.change("sub", 0, NO_ONE);
        clock.advance(10_000);
        await new Promise((resolve) => void setImmediate(resolve));
        expect(hints).toBe(0);
      }),
    );
  });
}

function callsOn({ log, metadata, coordination }: Storage): (() => unknown)[] {
  return [
    () => log.create("x", 1, KEEP),
    () => log.grow("x", 1),
    () => log.configure("x", KEEP),
    () => log.append("x", new Map([[0, records("p")]]), NEVER),
    () => log.read("x", 0, 0, ALL, NEVER),
    () => log.bounds("x"),
    () => log.offsetAt("x", 0, 0),
    () => log.onAppend("x", 0, () => undefined),
    () => log.remove("x"),
    () => metadata.get("kind", "id"),
    () => metadata.list("kind", { limit: 1 }),
    () => metadata.write([]),
    () => metadata.revision(),
    () => metadata.onWrite("kind", null, () => undefined),
    () => coordination.join("n", 1_000),
    () => coordination.living(),
    () => coordination.group("sub"),
    () => coordination.change("sub", 0, NO_ONE),
    () => coordination.progress("sub"),
    () => coordination.commit("sub", "session", []),
    () => coordination.force("sub", 1, new Map()),
    () => coordination.remove("sub"),
    () => coordination.onChange("sub", () => undefined),
  ];
}
