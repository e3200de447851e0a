/** One consumer of the churn: reads lines, commits what it was sent as soon as it may, and can be made to stall or to die. */
import http from "node:http";
import { type Cursor, LineSplitter } from "nakadi-protocol";

interface Line {
  cursor: Cursor;
  events?: { n: number }[];
}

export type Stall = "reads nothing" | "commits nothing";

export class Member {
  readonly #baseUrl: string;
  readonly #subscription: string;
  readonly #agent: http.Agent;
  readonly #response: http.IncomingMessage;
  readonly #received: (partition: string, numbers: readonly number[]) => void;
  /** The last cursor of each partition that is not committed yet. */
  readonly #pending = new Map<string, Cursor>();
  readonly id: string;
  #stall: Stall | undefined;
  #committing: Promise<void> | undefined;
  #ended = false;

  private constructor(
    baseUrl: string,
    subscription: string,
    agent: http.Agent,
    response: http.IncomingMessage,
    received: (partition: string, numbers: readonly number[]) => void,
  ) {
    this.#baseUrl = baseUrl;
    this.#subscription = subscription;
    this.#agent = agent;
    this.#response = response;
    this.#received = received;
    this.id = String(response.headers["x-nakadi-streamid"]);
    const splitter = new LineSplitter(10_000_000);
    response.on("data", (chunk: Buffer) => {
      for (const line of splitter.push(chunk)) this.#take(JSON.parse(Buffer.from(line).toString()) as Line);
    });
    const end = (): void => void (this.#ended = true);
    response.on("end", end).on("error", end).on("close", end);
  }

  /** Nothing where there is no slot at this moment. */
  static async join(
    baseUrl: string,
    subscription: string,
    agent: http.Agent,
    received: (partition: string, numbers: readonly number[]) => void,
  ): Promise<Member | undefined> {
    const query = "batch_limit=10&batch_flush_timeout=1&commit_timeout=1&max_uncommitted_events=1000";
    const url = `${baseUrl}/subscriptions/${subscription}/events?${query}`;
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      http.get(url, { agent: false }).on("response", resolve).on("error", reject);
    });
    if (response.statusCode === 200) return new Member(baseUrl, subscription, agent, response, received);
    response.destroy();
    if (response.statusCode === 409) return undefined;
    throw new Error(`a stream was answered ${response.statusCode}`);
  }

  /** Whether the server has ended its stream, or the test has. */
  get ended(): boolean {
    return this.#ended;
  }

  get stalled(): boolean {
    return this.#stall !== undefined;
  }

  stall(how: Stall): void {
    this.#stall = how;
    if (how === "reads nothing") this.#response.pause();
  }

  goOn(): void {
    this.#stall = undefined;
    this.#response.resume();
    this.#commit();
  }

  /** Commits what it has been sent, and goes. */
  async leave(): Promise<void> {
    this.goOn();
    await this.#committing;
    this.die();
  }

  /** Its connection breaks at this instant. */
  die(): void {
    this.#ended = true;
    this.#response.destroy();
  }

  #take({ cursor, events }: Line): void {
    if (!events) return;
    this.#received(
      cursor.partition,
      events.map(({ n }) => n),
    );
    this.#pending.set(cursor.partition, cursor);
    this.#commit();
  }

  /** One request at a time, with everything that is there by then. */
  #commit(): void {
    if (this.#committing || this.stalled || this.#ended || this.#pending.size === 0) return;
    const items = [...this.#pending.values()];
    this.#pending.clear();
    this.#committing = this.#post(items).finally(() => {
      this.#committing = undefined;
      this.#commit();
    });
  }

  /** After a refused commit the events are delivered again. */
  async #post(items: readonly Cursor[]): Promise<void> {
    const body = JSON.stringify({ items });
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        "x-nakadi-streamid": this.id,
      };
      const url = `${this.#baseUrl}/subscriptions/${this.#subscription}/cursors`;
      http
        .request(url, { method: "POST", agent: this.#agent, headers })
        .on("response", (response) => response.resume().on("end", () => resolve(response.statusCode)))
        .on("error", (error) => (this.#ended ? resolve(undefined) : reject(error)))
        .end(body);
    });
    if (status !== 200 && status !== 204 && status !== 422 && !this.#ended)
      throw new Error(`a commit was answered ${status}`);
  }
}
