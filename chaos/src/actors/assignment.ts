/** The assignment of an actor, in JSON as its only argument. The actor ends when its standard input ends. */

interface Assignment {
  /** Unlike that of any other process of the run. */
  name: string;
  url: string;
  recorderPort: number;
  seed: number;
}

export interface PublisherAssignment extends Assignment {
  eventTypes: readonly string[];
  /** Event by event, not by whole batches. */
  singly: boolean;
}

export interface ConsumerAssignment extends Assignment {
  subscription: string;
  deadLetters: string;
}

/** An event of a run: its id names its publisher, and says whether handlers fail on it. */
export interface ChaosEvent {
  id: string;
  key: string;
  /** Not allowed by the schema. */
  bad?: number;
}

export function assignment<A extends Assignment>(): A {
  return JSON.parse(process.argv[2] ?? "{}") as A;
}

/** Resolves when the conductor wants the end, or is gone. */
export function stdinEnded(): Promise<void> {
  return new Promise((resolve) => void process.stdin.once("end", resolve).once("error", resolve).resume());
}
