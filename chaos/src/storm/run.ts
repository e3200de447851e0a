/** A chaos run: everything is started, faults strike in their order, everything comes to rest, and the history is judged. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkChaos } from "../checks/checkers.ts";
import type { Violation } from "../checks/violation.ts";
import { type Entry, parseHistory } from "../history/line.ts";
import { Recorder } from "../history/recorder.ts";
import { RecorderServer } from "../history/recorder-server.ts";
import type { Plant } from "../plants/plant.ts";
import { Random } from "../random.ts";
import { bringToRest, recordingStuck } from "./calm.ts";
import { Figures, type RunFigures } from "./figures.ts";
import { Pace } from "./pace.ts";
import type { Order } from "./schedule.ts";
import { CAST, JUDGE, Stage } from "./stage.ts";
import { Storm } from "./storm.ts";
import { UnderWay } from "./under-way.ts";

export interface ChaosOptions {
  events: number;
  orders: readonly Order[];
  /** Whether faults strike on, beyond the orders, until each kind has hit enough. */
  goOn: boolean;
  seed: number;
  plant?: Plant | undefined;
  progress?: (acknowledged: number, struck: number) => void;
}

export interface ChaosResult extends RunFigures {
  violations: Violation[];
  /** Where the history is. */
  history: string;
}

/** @throws {Error} if the broker does not come up */
export async function chaosRun(options: ChaosOptions): Promise<ChaosResult> {
  const { events, orders, goOn, seed, plant } = options;
  const random = new Random(seed);
  const folder = mkdtempSync(join(tmpdir(), "nakadi-chaos-"));
  const recorder = new Recorder(join(folder, "history.ndjson"));
  const pace = new Pace({ events, faults: orders.length });
  const underWay = new UnderWay();
  const figures = new Figures();
  const progress = (): void => options.progress?.(pace.acknowledged, pace.struck);
  const server = new RecorderServer({
    recorder,
    written: (_, entry) => {
      const acknowledged = figures.take(entry);
      if (acknowledged === 0) return;
      pace.acknowledge(acknowledged);
      progress();
    },
    hold: (from, entry) => held(pace, underWay, from, entry),
  });
  const recorderPort = await server.listen();
  const stage = await Stage.open({ folder, recorder, recorderPort, underWay, random, plant });
  const storm = new Storm({ stage, pace, figures, recorder, progress });
  await recordingStuck(recorder, async () => {
    await storm.rage(orders);
    if (goOn) await storm.goOn(random.fork(), CAST);
  });
  await storm.calm();
  pace.finish();
  await bringToRest(stage, recorder);
  await stage.close();
  await server.close();
  recorder.end(JUDGE);
  const history = parseHistory(readFileSync(recorder.path, "utf8"));
  return { ...figures.of(history), violations: checkChaos(history), history: recorder.path };
}

/** Publishers that are ahead wait; what they are about to send is under way when they go on. */
function held(pace: Pace, underWay: UnderWay, from: string, entry: Entry): Promise<void> | undefined {
  const waiting = entry.kind === "publishing" ? pace.hold() : undefined;
  if (waiting) return waiting.then(() => underWay.take(from, entry));
  underWay.take(from, entry);
  return undefined;
}
