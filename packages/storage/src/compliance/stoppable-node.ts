/**
 * A node that can be made to stand still, as a process that gets no CPU does: no timer of it runs, no answer of the storage
 * and no hint reaches it, while time passes for all others. When it goes on, all of that comes at once, late.
 */
import type { Clock, Timer } from "nakadi-protocol";
import type { StorageEngine } from "../storage-engine.ts";
import type { CoordinationPort, LogPort, MetadataPort, Storage } from "../ports.ts";
import { withMethod } from "./with-method.ts";

export class StoppableNode {
  /** The node's own, for its broker: it tells the time of the given one at any moment. */
  readonly clock: Clock;
  /** Calls that are held back while the node stands still; `undefined` while it runs. */
  #late: Set<() => void> | undefined;

  constructor(clock: Clock) {
    this.clock = {
      wallMs: () => clock.wallMs(),
      monotonicMs: () => clock.monotonicMs(),
      schedule: (delayMs, task) => this.#schedule(clock, delayMs, task),
    };
  }

  stop(): void {
    this.#late ??= new Set();
  }

  goOn(): void {
    const late = this.#late ?? new Set();
    this.#late = undefined;
    for (const one of late) one();
  }

  /** The engine as this node sees it. */
  engine(engine: StorageEngine): StorageEngine {
    return { name: engine.name, open: async (context) => this.#storage(await engine.open(context)) };
  }

  #storage({ log, metadata, coordination, close }: Storage): Storage {
    const heard =
      <Args extends readonly unknown[]>(hint: (...args: Args) => void) =>
      (...args: Args): void =>
        this.#happen(() => hint(...args));
    const onAppend: LogPort["onAppend"] = (id, partition, hint) => log.onAppend(id, partition, heard(hint));
    const onWrite: MetadataPort["onWrite"] = (kind, id, hint) => metadata.onWrite(kind, id, heard(hint));
    const onChange: CoordinationPort["onChange"] = (id, hint) => coordination.onChange(id, heard(hint));
    return {
      log: withMethod(this.#answering(log), "onAppend", onAppend),
      metadata: withMethod(this.#answering(metadata), "onWrite", onWrite),
      coordination: withMethod(this.#answering(coordination), "onChange", onChange),
      close,
    };
  }

  /** What is asked while the node stands still, because a socket woke it, was asked just before: no answer comes. */
  #answering<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, key) => {
        const method: unknown = Reflect.get(target, key);
        if (typeof method !== "function") return method;
        return async (...args: unknown[]): Promise<unknown> => {
          try {
            return (await method.apply(target, args)) as unknown;
          } finally {
            await this.#running();
          }
        };
      },
    });
  }

  async #running(): Promise<void> {
    while (this.#late) await new Promise<void>((resolve) => this.#late?.add(resolve));
  }

  #happen(one: () => void): void {
    if (this.#late) this.#late.add(one);
    else one();
  }

  #schedule(clock: Clock, delayMs: number, task: () => void): Timer {
    const due = (): void => this.#happen(task);
    const timer = clock.schedule(delayMs, due);
    return {
      cancel: () => {
        timer.cancel();
        this.#late?.delete(task);
      },
    };
  }
}
