/** A place for a publisher or a consumer, behind a proxy of its own: one process after the other lives in it. */
import { FaultProxy } from "nakadi-testing";
import { Child, type ChildOptions } from "../processes/child.ts";
import type { Random } from "../random.ts";

export interface ActorOptions {
  place: string;
  script: string;
  /** The argument of the process of this name. */
  assignment: (name: string, proxyUrl: string) => unknown;
  child: ChildOptions;
  random: Random;
  /** A process is gone: killed by us, or by itself, with what it said last. */
  gone: (name: string, how: { killed: true } | { killed: false; ending: string }) => void;
}

/** Milliseconds in which a process has to end once it is stopped. */
const END_MS = 60_000;

export class Actor {
  readonly proxy: FaultProxy;
  readonly #options: ActorOptions;
  #child: Child | undefined;
  #lives = 0;
  #wanted = true;
  #killing = false;

  private constructor(options: ActorOptions, proxy: FaultProxy) {
    this.#options = options;
    this.proxy = proxy;
  }

  static async start(options: ActorOptions, brokerUrl: string): Promise<Actor> {
    const { random } = options;
    const actor = new Actor(options, await FaultProxy.start(brokerUrl, { random: () => random.next() }));
    actor.#live();
    return actor;
  }

  /** The name of the process that lives there now. */
  get process(): string {
    return `${this.#options.place}.${this.#lives}`;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.signal(signal);
  }

  async kill(): Promise<void> {
    this.#killing = true;
    await this.#child?.kill();
    this.#killing = false;
  }

  /** Another process moves in, if none lives there. */
  restart(): void {
    if (this.#wanted && this.#child?.ending !== undefined) this.#live();
  }

  /** Lets it finish; whether it did, in time. */
  async end(): Promise<boolean> {
    this.#wanted = false;
    const child = this.#child;
    if (!child || child.ending !== undefined) return true;
    child.endInput();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      void this.kill();
    }, END_MS);
    await child.exited;
    clearTimeout(timer);
    return !late;
  }

  async close(): Promise<void> {
    await this.kill();
    await this.proxy.close();
  }

  #live(): void {
    this.#lives += 1;
    const { script, assignment, child: childOptions, gone } = this.#options;
    const name = this.process;
    const argument = JSON.stringify(assignment(name, this.proxy.url));
    const child = new Child(name, script, [argument], childOptions);
    this.#child = child;
    void child.exited.then((ending) => {
      if (this.#killing) gone(name, { killed: true });
      else if (ending !== 0) gone(name, { killed: false, ending: `${ending}: ${child.complaint}` });
    });
  }
}
