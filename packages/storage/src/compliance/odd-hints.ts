/**
 * Storage whose hints are dropped, doubled and late, as the ports allow: for tests of listeners.
 */
import type { Clock } from "nakadi-protocol";
import type { CoordinationPort, LogPort, MetadataPort, Storage } from "../ports.ts";
import { randomFrom } from "./random.ts";
import { withMethod } from "./with-method.ts";

/** No hint is later than this. */
const MAX_DELAY_MS = 1_000;

/** The same `seed` gives the same fates to the same hints; late ones come by `clock`. */
export function oddHints(storage: Storage, { seed, clock }: { seed: number; clock: Clock }): Storage {
  const random = randomFrom(seed);
  let closed = false;

  function odd<Args extends readonly unknown[]>(
    listen: (hint: (...args: Args) => void) => Disposable,
    hint: (...args: Args) => void,
  ): Disposable {
    let ended = false;
    const listening = listen((...args) => {
      const come = (): void => {
        if (!ended && !closed) hint(...args);
      };
      for (const delayMs of delays(random)) {
        if (delayMs === 0) come();
        else clock.schedule(delayMs, come);
      }
    });
    return {
      [Symbol.dispose]: () => {
        ended = true;
        listening[Symbol.dispose]();
      },
    };
  }

  const onAppend: LogPort["onAppend"] = (log, partition, hint) =>
    odd((inner) => storage.log.onAppend(log, partition, inner), hint);
  const onWrite: MetadataPort["onWrite"] = (kind, id, hint) =>
    odd((inner) => storage.metadata.onWrite(kind, id, inner), hint);
  const onChange: CoordinationPort["onChange"] = (subscription, hint) =>
    odd((inner) => storage.coordination.onChange(subscription, inner), hint);
  return {
    log: withMethod(storage.log, "onAppend", onAppend),
    metadata: withMethod(storage.metadata, "onWrite", onWrite),
    coordination: withMethod(storage.coordination, "onChange", onChange),
    close: async () => {
      closed = true;
      await storage.close();
    },
  };
}

/** When a hint comes: not at all, at once, twice, late. */
function delays(random: () => number): number[] {
  const late = 1 + Math.floor(random() * MAX_DELAY_MS);
  return [[], [0], [0, 0], [late], [0, late]][Math.floor(random() * 5)] ?? [];
}
