/** Model tests as lists of commands: a failure prints the commands, shortened, and the trace of what they led to. */
import fc from "fast-check";

/** What commands act on. */
export interface Traced {
  /** One line for each thing that went in or came out, oldest first. */
  readonly trace: string[];
  /** No command is run any more. */
  readonly isEnded: boolean;
}

type Command<T extends Traced> = fc.Command<T, T>;

/** @param text as it is printed, such as `publish(et:0, 3)` */
export function command<T extends Traced>(text: string, run: (subject: T) => void): Command<T> {
  return {
    check: ({ isEnded }) => !isEnded,
    run: (_model, subject) => {
      subject.trace.push(`> ${text}`);
      run(subject);
    },
    toString: () => text,
  };
}

/** Runs the commands and then `finish`; the error of a failure ends with the trace. */
export function runCommands<T extends Traced>(
  subject: T,
  commands: Iterable<Command<T>>,
  finish: (subject: T) => void,
): void {
  try {
    fc.modelRun(() => ({ model: subject, real: subject }), commands);
    finish(subject);
  } catch (error) {
    throw new Error(`${String(error)}\n\nTrace:\n${subject.trace.join("\n")}`, { cause: error });
  }
}
