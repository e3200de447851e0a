/** The demo's broker, in a process of its own with its data on disk, which can be killed and started again where it was. */
import { restartPort } from "nakadi-testing";
import { Failure } from "../../failure.ts";
import { Child } from "./child.ts";

export class BrokerProcess {
  /** Rejects when the broker ends before `end`. */
  readonly died: Promise<never>;
  readonly #data: string;
  #child: Child | undefined;
  #port: number | undefined;
  #ended = false;
  #onDeath: (error: unknown) => void = () => undefined;

  /** @param data the directory */
  constructor(data: string) {
    this.#data = data;
    this.died = new Promise((_, reject) => (this.#onDeath = reject));
    // A rejection that no caller waits for is not an error.
    this.died.catch(() => undefined);
  }

  /**
   * Resolves with its URL when it listens, each time on the same port.
   * @throws {Failure} after `end`: nothing would end the new process
   */
  async start(): Promise<string> {
    this.#port ??= await restartPort();
    if (this.#ended) throw new Failure("the demo is over");
    let ready: (url: string) => void = () => undefined;
    const listening = new Promise<string>((resolve) => (ready = resolve));
    const args = ["broker", "--port", String(this.#port), "--data", this.#data, "--end-with-stdin"];
    const child = new Child("broker", args, (line) => {
      const [, url] = /listening on (\S+)/.exec(line) ?? [];
      if (url !== undefined) ready(url);
    });
    child.died.catch(this.#onDeath);
    this.#child = child;
    return Promise.race([listening, child.died]);
  }

  /** SIGKILL: it gets to do nothing any more. Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#child?.end("SIGKILL");
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#child?.end();
  }
}
