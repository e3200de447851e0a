/** Stands before a broker and restarts it before each request, unless the answer to another one is still on its way. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { type Broker, startBroker } from "nakadi-broker";
import { relayed } from "../support/relayed.ts";

export class RestartingRelay implements AsyncDisposable {
  readonly #directory: string;
  readonly #server = http.createServer((request, response) => void this.#relay(request, response));
  /** One restart after the other. */
  #broker: Promise<Broker>;
  #answering = 0;
  #restarts = 0;

  private constructor(directory: string) {
    this.#directory = directory;
    this.#broker = this.#started();
  }

  static async start(directory: string): Promise<RestartingRelay> {
    const relay = new RestartingRelay(directory);
    await relay.#broker;
    await new Promise<void>((resolve) => relay.#server.listen(0, "127.0.0.1", resolve));
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get restarts(): number {
    return this.#restarts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await (await this.#broker).close();
  }

  async #relay(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    if (this.#answering === 0) this.#broker = this.#broker.then((broker) => this.#restarted(broker));
    this.#answering++;
    response.once("close", () => this.#answering--);
    const { port } = await this.#broker;
    relayed(request, response, port);
  }

  async #restarted(broker: Broker): Promise<Broker> {
    await broker.close();
    this.#restarts++;
    return this.#started();
  }

  #started(): Promise<Broker> {
    return startBroker({ storage: { directory: this.#directory } });
  }
}
