/**
 * The power may be cut at any call to the disk, also in the middle of a checkpoint, retention, compaction and deletion.
 */
import { ManualClock } from "nakadi-protocol";
import { expect, it } from "vitest";
import { plain, plainOf, readAll } from "../../compliance/log-records.ts";
import type { Plain } from "../../compliance/log-records.ts";
import { randomFrom } from "../../compliance/random.ts";
import { NEVER } from "../../compliance/subject.ts";
import type { LogPort, NewRecord } from "../../ports.ts";
import { PowerCutFiles } from "../power-cut-files.ts";
import { openForTest } from "./open-for-test.ts";
import { compactAll } from "./sweep.ts";

/** 1,000 with POWER_CUTS=1000. */
const CUTS = Number(process.env["POWER_CUTS"] ?? 150);
const RETENTION_MS = 1_000;
const RETENTION_BYTES = 3_000;
/** Bytes of a frame beside its values, at most. */
const FRAME_BYTES = 80;
const LIMITS = { journalFileBytes: 4_000, segmentBytes: 1_500, unwrittenBytes: 2_500, idlePartitions: 1 };

/** A log as its producer knows it. */
interface Model {
  id: string;
  compact: boolean;
  retentionMs: number | null;
  retentionBytes?: number;
  /** What was acknowledged, by offset, with the time at which its append began. */
  acknowledged: Map<number, Plain & { atMs: number }>;
  /** Records that may be there too. */
  unknown: Set<string>;
  removing: boolean;
}

it(`${CUTS} times: nothing acknowledged is lost, nothing is there by half, and nothing that was removed is read again`, async () => {
  const seed = Date.now() % 1_000_000;
  const random = randomFrom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const clock = new ManualClock();
  let files = new PowerCutFiles(random);
  await files.makeDirectory("/data");
  let models: Model[] = [];
  let created = 0;
  let written = 0;
  const done = { checkpoints: 0, compactions: 0, expired: 0, removals: 0 };
  for (let cut = 0; cut < CUTS; cut++) {
    const at = `seed ${seed}, cut ${cut}`;
    if (random() < 0.2) files.cutAfter(1 + below(30));
    const opening = files;
    const engine = await openForTest({ directory: "/data", clock, files, ...LIMITS }).catch((error: unknown) => {
      if (!String(error).includes("power")) throw new Error(at, { cause: error });
    });
    if (engine) {
      const { log } = engine.node("a");
      try {
        for (const model of models) await check(log, model, at, clock);
        models = models.filter(({ removing }) => !removing);
      } catch (error) {
        if (!String(error).includes("power")) throw error;
      }
      opening.cutAfter(1 + below(250));
      const work = async (): Promise<void> => {
        for (;;) {
          const what = random();
          const model = models[below(models.length)];
          if (!model || (models.length < 3 && what < 0.1)) {
            const next = {
              id: `log-${created++}`,
              compact: random() < 0.5,
              retentionMs: random() < 0.5 ? RETENTION_MS : null,
              ...(random() < 0.5 && { retentionBytes: RETENTION_BYTES }),
              acknowledged: new Map(),
              unknown: new Set<string>(),
            };
            models.push({ ...next, removing: true });
            const { retentionMs, compact, retentionBytes } = next;
            await log.create(next.id, 1, { retentionMs, compact, ...(retentionBytes && { retentionBytes }) });
            const made = models.find(({ id }) => id === next.id);
            if (made) made.removing = false;
          } else if (what < 0.76) {
            await append(log, model, below, (written += 1), clock);
          } else if (what < 0.82) {
            clock.advance(below(RETENTION_MS));
            if ((await log.bounds(model.id))[0]?.oldest !== 0) done.expired += 1;
          } else if (what < 0.9) {
            await engine.checkpoint();
            done.checkpoints += 1;
          } else if (what < 0.97) {
            await compactAll(engine.logs);
            done.compactions += 1;
          } else if (!model.removing) {
            model.removing = true;
            await log.remove(model.id);
            models = models.filter((each) => each !== model);
            done.removals += 1;
          }
        }
      };
      await Promise.all([work(), work()].map((each) => each.catch(() => undefined)));
      await engine.kill().catch(() => undefined);
    }
    files = files.restarted();
  }
  expect(written).toBeGreaterThan(CUTS);
  for (const count of Object.values(done)) expect(count).toBeGreaterThan(0);
}, 300_000);

async function append(
  log: LogPort,
  model: Model,
  below: (limit: number) => number,
  number: number,
  clock: ManualClock,
): Promise<void> {
  const atMs = clock.monotonicMs();
  const batch = Array.from({ length: 1 + below(4) }, (_, index): NewRecord => {
    const value = Buffer.from(`${number}.${index} `.repeat(1 + below(20)));
    return { value, ...(below(3) > 0 && { key: `k${below(5)}` }) };
  });
  for (const each of batch) model.unknown.add(contentOf(plain(0, each)));
  const outcome = (await log.append(model.id, new Map([[0, batch]]), NEVER)).get(0);
  if (outcome?.outcome !== "stored")
    throw new Error("The append is not known to be stored.", { cause: outcome?.cause });
  for (const [index, each] of batch.entries())
    model.acknowledged.set(outcome.first + index, { ...plain(outcome.first + index, each), atMs });
}

/** What is found is from now on what is there. */
async function check(log: LogPort, model: Model, at: string, clock: ManualClock): Promise<void> {
  const bounds = await log.bounds(model.id).catch((error: unknown) => {
    // Its creation or its removal was under way.
    if (!model.removing || !(error instanceof Error) || error.name !== "NoSuchLogError") throw error;
  });
  if (!bounds) return;
  const found = plainOf(await readAll(log, model.id, 0));
  model.removing = false;
  const byOffset = new Map(found.map((each) => [each.offset, each]));
  const newest = new Map(found.map(({ key, offset }) => [key, offset]));
  const bytes = found.reduce((sum, { value }) => sum + (value?.length ?? 0) / 2 + FRAME_BYTES, 0);
  // What retention by age or compaction has taken is not there to be counted.
  const isEnough =
    model.compact || model.retentionMs !== null || bytes >= (model.retentionBytes ?? Number.POSITIVE_INFINITY);
  for (const [offset, { atMs, ...expected }] of model.acknowledged) {
    const there = byOffset.get(offset);
    if (!there && model.retentionBytes && isEnough && offset < (bounds[0]?.oldest ?? 0)) continue;
    if (!there && model.retentionMs !== null && clock.monotonicMs() - atMs >= model.retentionMs) continue;
    if (!there && model.compact && expected.key !== undefined && (newest.get(expected.key) ?? -1) > offset) continue;
    expect(there, `${at}, ${model.id}`).toEqual(expected);
  }
  for (const each of found)
    if (!model.unknown.has(contentOf(each))) throw new Error(`${at}, ${model.id}: not appended`);
  const last = Math.max(-1, ...model.acknowledged.keys());
  expect([at, (bounds[0]?.next ?? 0) > last]).toEqual([at, true]);
  const atOf = (offset: number): number => model.acknowledged.get(offset)?.atMs ?? Number.NEGATIVE_INFINITY;
  model.acknowledged = new Map(found.map((each) => [each.offset, { ...each, atMs: atOf(each.offset) }]));
}

function contentOf({ value, key }: Plain): string {
  return `${value} ${key}`;
}
