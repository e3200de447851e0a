/**
 * Events and faults go hand in hand: neither is all over before the other. Publishers wait where they are ahead, faults where
 * they are.
 * @pure
 */
export interface PaceOptions {
  events: number;
  faults: number;
}

/** Events that publishers may be ahead. */
const SLACK = 500;

export class Pace {
  readonly #options: PaceOptions;
  #acknowledged = 0;
  #struck = 0;
  #aiming = false;
  #over = false;
  #waiting: (() => void)[] = [];

  constructor(options: PaceOptions) {
    this.#options = options;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get struck(): number {
    return this.#struck;
  }

  /** Whether enough events were acknowledged for the next fault; after the last one, for the end. */
  get isNextDue(): boolean {
    const { events, faults } = this.#options;
    return this.#acknowledged >= (faults === 0 ? events : (events * this.#struck) / faults);
  }

  acknowledge(events: number): void {
    this.#acknowledged += events;
  }

  /** Until the next fault has struck no publisher waits, so that the fault hits requests under way. */
  aim(): void {
    this.#aiming = true;
    this.#letGo();
  }

  strike(): void {
    this.#aiming = false;
    this.#struck += 1;
    this.#letGo();
  }

  /** From now on no publisher waits. */
  finish(): void {
    this.#over = true;
    this.#letGo();
  }

  /** Undefined for a publisher that may go on. */
  hold(): Promise<void> | undefined {
    return this.#mayPublish() ? undefined : new Promise((resolve) => this.#waiting.push(resolve));
  }

  #mayPublish(): boolean {
    const { events, faults } = this.#options;
    if (this.#over || this.#aiming) return true;
    return this.#acknowledged < (faults === 0 ? events : (events * (this.#struck + 1)) / faults) + SLACK;
  }

  #letGo(): void {
    if (!this.#mayPublish()) return;
    for (const go of this.#waiting.splice(0)) go();
  }
}
