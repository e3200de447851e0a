/**
 * The fence: a commit counts if and only if its session is alive, owns the partition and goes strictly forward; and any
 * sequence of operations from two nodes does what `GroupModel` says.
 */
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CommitOutcome, CoordinationPort, NodeLease, PartitionKey } from "../ports.ts";
import { anyStep, GroupModel } from "./group-model.ts";
import type { Step } from "./group-model.ts";
import { at, progressAt, session, topology, versionOf } from "./groups.ts";
import type { WithTwoNodes } from "./subject.ts";

export function fenceCompliance(twoNodes: WithTwoNodes): void {
  describe("the fence", () => {
    it(
      "takes several items of one partition in sequence, each partition for itself",
      twoNodes(async ({ a, b }) => {
        await ownedByS(a.coordination, "sub");
        const commit = (partition: PartitionKey, ...numbers: number[]): Promise<readonly CommitOutcome[]> =>
          b.coordination.commit(
            "sub",
            "s",
            numbers.map((number) => ({ partition, at: at(number) })),
          );
        expect(await commit("e:0", 100)).toEqual(["committed"]);
        expect(await commit("e:0", 105, 106, 102, 96, 130)).toEqual([
          "committed",
          "committed",
          "outdated",
          "outdated",
          "committed",
        ]);
        expect(await commit("e:0", 130)).toEqual(["outdated"]);
        expect(await commit("e:0")).toEqual([]);
        expect((await a.coordination.progress("sub")).get("e:0")).toEqual(progressAt(130));
        expect(
          await a.coordination.commit("sub", "s", [
            { partition: "e:1", at: at(-1, 2) },
            { partition: "e:1", at: at(5, 1) },
          ]),
        ).toEqual(["committed", "outdated"]);
        expect((await b.coordination.progress("sub")).get("e:1")?.at).toEqual(at(-1, 2));
      }),
    );

    it(
      "writes nothing if one item is refused",
      twoNodes(async ({ a, b }) => {
        await ownedByS(a.coordination, "sub");
        const before = await a.coordination.progress("sub");
        const good = { partition: "e:0" as PartitionKey, at: at(9) };
        for (const [partition, refusal] of [
          ["e:2", "not-owner"],
          ["e:3", "no-partition"],
          ["e:9", "no-partition"],
        ] as const) {
          const outcomes = await b.coordination.commit("sub", "s", [good, { partition, at: at(9) }, good]);
          expect(outcomes).toEqual(["committed", refusal, "outdated"]);
          expect(await a.coordination.progress("sub")).toEqual(before);
        }
        expect(await b.coordination.commit("sub", "unknown", [good, good])).toEqual(["no-session", "no-session"]);
        expect(await a.coordination.progress("sub")).toEqual(before);
      }),
    );

    it(
      "lets a partition that is being released be committed by its owner alone",
      twoNodes(async ({ a, b }) => {
        const node = await ownedByS(a.coordination, "sub");
        const sessions = [session("s", node), session("t", node)];
        const release = {
          sessions,
          topology: [{ partition: "e:0" as const, session: "s", next: "t" }],
          resetUntilMs: null,
        };
        await b.coordination.change("sub", await versionOf(b.coordination, "sub"), release);
        expect(await a.coordination.commit("sub", "t", [{ partition: "e:0", at: at(5) }])).toEqual(["not-owner"]);
        expect(await b.coordination.commit("sub", "s", [{ partition: "e:0", at: at(5) }])).toEqual(["committed"]);
      }),
    );

    it(
      "forgives failed commits with a commit, not with an outdated one",
      twoNodes(async ({ a, b }) => {
        await ownedByS(a.coordination, "sub");
        const failed = progressAt(5, { failedCommits: 2, lastDeadLetter: at(8) });
        await a.coordination.force("sub", await versionOf(a.coordination, "sub"), new Map([["e:0", failed]]));
        await b.coordination.commit("sub", "s", [{ partition: "e:0", at: at(5) }]);
        expect((await a.coordination.progress("sub")).get("e:0")).toEqual(failed);
        await b.coordination.commit("sub", "s", [{ partition: "e:0", at: at(6) }]);
        expect((await a.coordination.progress("sub")).get("e:0")).toEqual(progressAt(6, { lastDeadLetter: at(8) }));
      }),
    );

    it(
      "lets each position through once, however many commit it at the same time",
      twoNodes(async ({ a, b }) => {
        await ownedByS(a.coordination, "sub");
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.integer({ min: 2, max: 50 }), { minLength: 1, maxLength: 12 }),
            async (numbers) => {
              const subscription = randomUUID();
              await ownedByS(a.coordination, subscription);
              const outcomes = await Promise.all(
                numbers.map((number, index) =>
                  (index % 2 ? a : b).coordination.commit(subscription, "s", [{ partition: "e:0", at: at(number) }]),
                ),
              );
              const committed = numbers.filter((_, index) => outcomes[index]?.[0] === "committed");
              expect(new Set(committed).size).toBe(committed.length);
              expect((await b.coordination.progress(subscription)).get("e:0")?.at).toEqual(at(Math.max(...numbers)));
            },
          ),
          { numRuns: 30 },
        );
      }),
    );

    it(
      "does what the model says, after any operations of two nodes",
      twoNodes(async ({ a, b }) => {
        await fc.assert(
          fc.asyncProperty(fc.array(anyStep, { maxLength: 25 }), async (steps) => {
            const run = new Run(
              randomUUID(),
              new Map([
                ["A", a.coordination],
                ["B", b.coordination],
              ]),
            );
            await run.begin();
            for (const step of steps) await run.take(step);
            await run.end();
          }),
        );
      }),
    );
  });
}

/** `e:0` and `e:1` are owned by session `s`, `e:2` by `t` and `e:3` by none. Says which node holds the lease of both. */
async function ownedByS(coordination: CoordinationPort, subscription: string): Promise<string> {
  const node = randomUUID();
  await coordination.join(node, 60_000);
  const group = {
    sessions: [session("s", node), session("t", node)],
    topology: topology({ "e:0": "s", "e:1": "s", "e:2": "t", "e:3": null }),
    resetUntilMs: null,
  };
  await coordination.change(
    subscription,
    await versionOf(coordination, subscription),
    group,
    new Map([["e:0", progressAt(1)]]),
  );
  return node;
}

/** Takes the same steps on the engine and on the model, and compares what both answer and hold. */
class Run {
  readonly #id: string;
  readonly #ports: ReadonlyMap<string, CoordinationPort>;
  readonly #leases = new Map<string, NodeLease>();
  readonly #model = new GroupModel();

  constructor(id: string, ports: ReadonlyMap<string, CoordinationPort>) {
    this.#id = id;
    this.#ports = ports;
  }

  async begin(): Promise<void> {
    for (const [name, port] of this.#ports) {
      this.#leases.set(name, await port.join(this.#nodeOf(name), 60_000));
      this.#model.living.add(name);
    }
  }

  async take(step: Step): Promise<void> {
    const port = this.#port(step.on);
    const version = await versionOf(port, this.#id);
    expect(version > 0).toBe(this.#model.exists);
    if (step.does === "change") {
      const sessions = step.sessions.map(({ id, node }) => session(id, this.#nodeOf(node)));
      const next = { sessions, topology: topology(step.owners), resetUntilMs: null };
      const outcome = await port.change(this.#id, step.stale ? version + 1 : version, next, step.initial);
      expect(outcome).toBe(this.#model.change(step));
      if (outcome === "changed") expect(await versionOf(port, this.#id)).toBeGreaterThan(version);
    }
    if (step.does === "commit") {
      expect(await port.commit(this.#id, step.session, step.items)).toEqual(this.#model.commit(step));
    }
    if (step.does === "force") {
      expect(await port.force(this.#id, step.stale ? version + 1 : version, step.to)).toBe(this.#model.force(step));
    }
    if (step.does === "remove") {
      await port.remove(this.#id);
      this.#model.remove();
    }
    if (step.does === "leave") {
      await this.#leases.get(step.on)?.[Symbol.asyncDispose]();
      this.#model.living.delete(step.on);
    }
    await this.#compare();
  }

  async end(): Promise<void> {
    for (const lease of this.#leases.values()) await lease[Symbol.asyncDispose]();
  }

  async #compare(): Promise<void> {
    for (const port of this.#ports.values()) {
      const found = await port.group(this.#id);
      expect(found !== undefined).toBe(this.#model.exists);
      if (found) {
        expect(found.group.sessions.map(({ id }) => id)).toEqual(this.#model.sessions.map(({ id }) => id));
        expect(found.group.topology).toEqual(topology(this.#model.owners));
        expect(found.alive).toEqual(this.#model.alive);
      }
      expect(await port.progress(this.#id)).toEqual(this.#model.progress);
    }
  }

  #port(name: string): CoordinationPort {
    const port = this.#ports.get(name);
    if (!port) throw new Error(`There is no node ${name}.`);
    return port;
  }

  #nodeOf(name: string): string {
    return `${this.#id} ${name}`;
  }
}
