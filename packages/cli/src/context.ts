/** Everything that a command may touch of the process around it, so that it can run inside a test. */
import { setMaxListeners } from "node:events";
import { fstatSync } from "node:fs";
import type { StopSignal } from "./exit-codes.ts";
import { Failure } from "./failure.ts";

export interface Output {
  /** Bytes go out as they are, text as UTF-8. */
  write(data: string | Uint8Array): void;
  /** Resolves when all that was written has left, or the reader has gone away; `closed` knows then which. */
  drained(): Promise<void>;
  /**
   * Aborted when the reader has gone away: what is written then arrives nowhere. Its reason is a `Failure` where something
   * else is in the way, as a full disk.
   */
  readonly closed: AbortSignal;
  /** Whether a person watches, on a terminal that has colours and a cursor to move. */
  readonly isTTY: boolean;
  /** Characters in a line; 80 where it is not known. */
  readonly columns: number;
  /** Lines that can be seen at once; 24 where it is not known. */
  readonly rows: number;
}

export interface Input extends AsyncIterable<Uint8Array> {
  /** Whether a person types. */
  readonly isTTY: boolean;
  /** Whether it is a directory. Node gives such an input as an empty one. */
  readonly isDirectory: boolean;
}

export interface Context {
  stdin: Input;
  stdout: Output;
  stderr: Output;
  env: Readonly<Record<string, string | undefined>>;
  /** Aborted with a `StopSignal` as its reason when the process is asked to stop. */
  signal: AbortSignal;
}

/** Which signal has stopped the command; `undefined` while none has. */
export function stopSignalOf({ signal }: Context): StopSignal | undefined {
  return signal.aborted ? (signal.reason as StopSignal) : undefined;
}

/** Aborted with the first of them. All that a command does at once may listen to it. */
export function anyOf(...signals: readonly AbortSignal[]): AbortSignal {
  const any = AbortSignal.any([...signals]);
  setMaxListeners(0, any);
  return any;
}

/** Resolves when the process is asked to stop. */
export function stopped({ signal }: Context): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** The standard input of this process. */
export function inputOf(stream: NodeJS.ReadStream): Input {
  return {
    isTTY: stream.isTTY,
    // Asked when it is needed: not every system answers for standard input, and most commands do not read it.
    get isDirectory() {
      return fstatSync(0).isDirectory();
    },
    [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
  };
}

/**
 * An output of this process. A reader that has gone away is not an error: the command goes on without output, or ends.
 * @param name for people
 * @param env says which terminal it is
 */
export function outputOf(stream: NodeJS.WriteStream, name: string, env: Context["env"]): Output {
  const closed = new AbortController();
  stream.on("error", (error: NodeJS.ErrnoException) => {
    closed.abort(error.code === "EPIPE" ? undefined : new Failure(`cannot write to ${name}: ${error.message}`));
  });
  return {
    write: (data) => {
      if (!closed.signal.aborted) stream.write(data);
    },
    // Writes are done in their order: nothing, written last, is done when all is.
    drained: () =>
      closed.signal.aborted ? Promise.resolve() : new Promise((resolve) => stream.write("", () => resolve())),
    closed: closed.signal,
    isTTY: stream.isTTY && env["TERM"] !== "dumb",
    get columns() {
      // A terminal may not know its width, and says 0.
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
  };
}
