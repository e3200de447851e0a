/**
 * A broker in this process on a disk in memory, whose power is cut: what was not synced is then lost or torn. A killed process
 * leaves the system's page cache behind, so it cannot show this.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Broker, startBroker } from "nakadi-broker";
import { systemClock } from "nakadi-protocol";
import { DirectoryEngine } from "nakadi-storage/directory";
import { PowerCutFiles } from "nakadi-storage/power-cut";
import type { FaultPoint } from "../processes/broker-process.ts";
import type { Random } from "../random.ts";

const DIRECTORY = "/data";
/** Small, so that files are used again, checkpoints taken and segments begun all the time. */
const JOURNAL_FILE_BYTES = 64 * 1024;
const CHECKPOINT_BYTES = 128 * 1024;
const SEGMENT_BYTES = 64 * 1024;
/** The port of a broker that is closing is free a little later. */
const PORT_MS = 5;

export class PowerBroker {
  readonly #syncs: boolean;
  #files: PowerCutFiles;
  #port = 0;
  #life: { broker: Broker; engine: DirectoryEngine } | undefined;
  #serves: () => void = () => undefined;
  #up: Promise<void> = Promise.resolve();

  /** @param syncs false plants a disk that acknowledges each sync and does none */
  constructor(random: Random, syncs: boolean) {
    this.#syncs = syncs;
    this.#files = new PowerCutFiles(() => random.next());
    this.#goesDown();
  }

  /** The same for all its lives. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Resolves when the broker serves; at once if it does. */
  get up(): Promise<void> {
    return this.#up;
  }

  /** Resolves when the power of the present life is cut. */
  get died(): Promise<unknown> {
    return this.#files.cut;
  }

  /**
   * @param fault cuts the power in the middle of the n-th call to the disk
   * @returns false if that was during the start: the broker was started again without the fault
   */
  async start(fault?: FaultPoint): Promise<boolean> {
    if (fault) this.#files.cutAfter(fault.nth);
    try {
      this.#life = await this.#launch();
      this.#port = this.#life.broker.port;
    } catch (error) {
      if (!fault) throw error;
      await this.kill();
      await this.start();
      return false;
    }
    this.#serves();
    return true;
  }

  async kill(): Promise<void> {
    this.#files.cutAfter(0);
    if (this.#life) this.#goesDown();
    await this.stop();
    this.#files = this.#files.restarted();
  }

  async stop(): Promise<void> {
    const life = this.#life;
    this.#life = undefined;
    // What has no power cannot be closed in order.
    await life?.broker.close().catch(() => undefined);
    await life?.engine.close().catch(() => undefined);
  }

  #goesDown(): void {
    this.#up = new Promise((resolve) => (this.#serves = resolve));
  }

  async #launch(): Promise<{ broker: Broker; engine: DirectoryEngine }> {
    const engine = await DirectoryEngine.open({
      directory: DIRECTORY,
      clock: systemClock,
      disk: {
        files: this.#syncs ? this.#files : withoutSyncs(this.#files),
        own: async () => ({ isHeld: async () => true, release: async () => undefined }),
        journalFileBytes: JOURNAL_FILE_BYTES,
        checkpointBytes: CHECKPOINT_BYTES,
        segmentBytes: SEGMENT_BYTES,
      },
    });
    try {
      for (;;) {
        try {
          return { engine, broker: await startBroker({ storage: engine, port: this.#port }) };
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
          await sleep(PORT_MS);
        }
      }
    } catch (error) {
      await engine.close().catch(() => undefined);
      throw error;
    }
  }
}

function withoutSyncs(files: PowerCutFiles): PowerCutFiles {
  const open = files.open.bind(files);
  files.open = async (path, access) => ({ ...(await open(path, access)), datasync: async () => undefined });
  return files;
}
