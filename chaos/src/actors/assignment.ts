/** What an actor is told when it is started: JSON as its one argument. It ends, as it should, when its standard input does. */

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

/** What a chaos event is: its id says who sent it and whether it is poisonous. */
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
export function toldToEnd(): Promise<void> {
  return new Promise((resolve) => void process.stdin.once("end", resolve).once("error", resolve).resume());
}
