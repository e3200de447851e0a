/** The broker that runs in a directory, as a backup sees it: `hold-service.ts` has the lines. */
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { connectToOwner } from "../ownership.ts";
import { BackupError } from "../../backup-error.ts";
import type { JournalCut } from "./hold-service.ts";

const ALIVE_EVERY_MS = 5_000;

export class RunningOwner implements Disposable {
  readonly #directory: string;
  readonly #socket: Socket;
  readonly #answers: AsyncIterator<string>;
  readonly #timer: NodeJS.Timeout;
  #asked: Promise<unknown> = Promise.resolve();

  private constructor(directory: string, socket: Socket) {
    this.#directory = directory;
    this.#socket = socket;
    this.#answers = createInterface({ input: socket })[Symbol.asyncIterator]();
    this.#timer = setInterval(() => void this.#ask("alive").catch(() => undefined), ALIVE_EVERY_MS);
  }

  /** Undefined where no broker runs. @throws {BackupError} where it does not answer */
  static async find(directory: string): Promise<RunningOwner | undefined> {
    const socket = await connectToOwner(directory);
    if (!socket) return undefined;
    const owner = new RunningOwner(
      directory,
      socket.on("error", () => undefined),
    );
    try {
      await owner.#ask("alive");
      return owner;
    } catch {
      owner[Symbol.dispose]();
      throw new BackupError(
        `the broker that uses ${directory} does not take part in a backup: it is being started or stopped, or of an earlier version. Stop it, then repeat the backup`,
      );
    }
  }

  /** From now on nothing is taken away from the directory. @throws {BackupError} where the broker has ended */
  async hold(): Promise<JournalCut> {
    return (await this.#ask("hold")) as JournalCut;
  }

  /** Ends the hold. @throws {BackupError} where it ended before */
  async confirm(): Promise<void> {
    const { held } = (await this.#ask("confirm")) as { held: boolean };
    if (!held) throw this.#lost();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#socket.destroy();
  }

  #ask(line: string): Promise<unknown> {
    const answer = this.#asked.then(async () => {
      if (this.#socket.destroyed) throw this.#lost();
      this.#socket.write(`${line}\n`);
      const { value, done } = await this.#answers.next();
      if (done === true) throw this.#lost();
      return JSON.parse(value) as unknown;
    });
    this.#asked = answer.catch(() => undefined);
    return answer;
  }

  #lost(): BackupError {
    return new BackupError(
      `the broker that uses ${this.#directory} ended during the backup, or the connection to it did. Repeat the backup`,
    );
  }
}
