/** `nakadi consume`: a consumer whose handler is a command. */
import {
  type Consumer,
  type ConsumerOptions,
  type ConsumerState,
  type Handler,
  type NakadiClient,
  NakadiError,
  type StopReport,
  toEventType,
  toFile,
} from "nakadi-client";
import { type Context, stopSignalOf } from "../../context.ts";
import { EXIT, exitCodeOf, type ExitCode } from "../../exit-codes.ts";
import { describe, Failure } from "../../failure.ts";
import { visible } from "../../output/visible.ts";
import { withClient } from "../../settings/connect.ts";
import type { ConnectionFlags } from "../../settings/connection.ts";
import { knownEventType } from "../known-event-type.ts";
import { knownSubscription } from "../known-subscription.ts";
import { demandAppendable } from "./dead-letter-place.ts";
import { runShell } from "./shell-command.ts";

export interface ConsumeFlags {
  exec: string;
  batch: number;
  wait: number;
  parallel: number;
  rate?: number;
  timeout?: number;
  attempts: number;
  onFailure: "stop" | "skip" | "dead-letter";
  deadLetterFile?: string;
  deadLetterType?: string;
  quiet?: boolean;
}

/** The other states follow a failure, which is reported itself. */
const STATE_WORDS: Readonly<Partial<Record<ConsumerState, string>>> = {
  streaming: "reading",
  "waiting-for-slot":
    "no slot is free: other consumers read every partition of the subscription. Waiting until one ends",
  draining: "ending: the commands that run may finish",
};

const LINE_END = Buffer.from("\n");

/** Batches that may be under way in each partition before the server waits for commits. */
const BATCHES_AHEAD = 10;

export async function runConsume(
  context: Context,
  subscription: string,
  flags: ConsumeFlags & ConnectionFlags,
): Promise<ExitCode> {
  const failure = failureOptions(flags);
  if (flags.deadLetterFile !== undefined) await demandAppendable(flags.deadLetterFile);
  return withClient(context, flags, async (nakadi) => {
    await knownSubscription(nakadi, subscription, context.signal);
    if (flags.deadLetterType !== undefined) await knownEventType(nakadi, flags.deadLetterType, context.signal);
    const report = await consume(context, nakadi, subscription, { ...options(context, flags), failure }, flags.exec);
    if (!flags.quiet) context.stderr.write(`${summary(report)}\n`);
    const stopped = stopSignalOf(context);
    return stopped ? exitCodeOf(stopped) : EXIT.ok;
  });
}

/** Until it is interrupted or has failed. */
async function consume(
  context: Context,
  nakadi: NakadiClient,
  subscription: string,
  options: ConsumerOptions,
  command: string,
): Promise<StopReport> {
  const consumer: Consumer = nakadi.consume(subscription, () => commandHandler(context, command), options);
  const ends = AbortSignal.any([context.signal, context.stdout.closed]);
  const stop = (): void => void consumer.stop();
  ends.addEventListener("abort", stop, { once: true });
  if (ends.aborted) stop();
  try {
    return await consumer.done;
  } catch (error) {
    throw ofCommand(error);
  } finally {
    ends.removeEventListener("abort", stop);
  }
}

/** How the command ended, where that is what failed. */
function ofCommand(error: unknown): unknown {
  const cause = NakadiError.is(error) && error.code === "HANDLER" ? (error.cause ?? error) : error;
  if (NakadiError.is(cause) && cause.code === "TIMEOUT" && cause.message.startsWith("the handler"))
    return new Failure("the command ran for longer than --timeout, and was ended");
  if (NakadiError.is(cause) && cause.code === "HANDLER" && cause.message.includes("after its signal was aborted"))
    return new Failure("the command went on after SIGTERM, so its events are not handed to another one: it is killed");
  return cause;
}

function commandHandler(context: Context, command: string): Handler<unknown> {
  return {
    async onBatch({ events, raws, cursor }, { signal, attempt }) {
      const env = {
        NAKADI_EVENT_TYPE: cursor.event_type,
        NAKADI_PARTITION: cursor.partition,
        NAKADI_OFFSET: cursor.offset,
        NAKADI_EVENTS: String(events.length),
        NAKADI_ATTEMPT: String(attempt),
      };
      const { closed } = context.stdout;
      // What a command prints for a reader that is gone is lost, so its events are not committed.
      closed.throwIfAborted();
      const stdin = Buffer.concat(raws.flatMap((raw) => [raw, LINE_END]));
      try {
        await runShell(command, { stdin, env }, context, signal);
      } finally {
        closed.throwIfAborted();
      }
    },
  };
}

function options({ stderr }: Context, { batch, wait, parallel, rate, timeout, quiet }: ConsumeFlags): ConsumerOptions {
  const say = (text: string): void => stderr.write(`${visible(text)}\n`);
  let reportedState: ConsumerState | undefined;
  /** What was said of a server that is away: again and again says nothing new. */
  const reportedFailures = new Set<string>();
  return {
    batchLimit: batch,
    batchFlushTimeoutSeconds: wait,
    maxUncommittedEvents: batch * BATCHES_AHEAD,
    concurrency: parallel,
    ...(rate !== undefined && { maxEventsPerSecond: rate }),
    ...(timeout !== undefined && { handlerTimeoutMs: timeout * 1_000 }),
    onState: ({ state }) => {
      if (state === "streaming") reportedFailures.clear();
      const words = STATE_WORDS[state];
      if (words === undefined || state === reportedState) return;
      reportedState = state;
      if (!quiet) say(`nakadi: ${words}`);
    },
    onRetry: (error, delayMs) => {
      if (reportedState === "waiting-for-slot" && error.code === "NO_FREE_SLOT") return;
      const failure = ofCommand(error);
      const text = describe(failure);
      if (failure !== error) say(`nakadi: ${text}; again in ${Math.ceil(delayMs / 100) / 10} s`);
      else if (!reportedFailures.has(text)) say(`nakadi: ${text}; trying again`);
      if (failure === error) reportedFailures.add(text);
    },
    onEventsLost: ({ event_type, partition, count }) =>
      say(`nakadi: ${count} events of ${event_type} partition ${partition} were deleted before they were read`),
    onCommitOverdue: ({ commitTimeoutMs }) =>
      say(
        `nakadi: a command runs for so long that the server soon gives its events to another consumer ` +
          `(after ${commitTimeoutMs / 1_000} s): smaller batches help, --batch`,
      ),
  };
}

function failureOptions(flags: ConsumeFlags): NonNullable<ConsumerOptions["failure"]> {
  const { exec, attempts, onFailure, deadLetterFile, deadLetterType } = flags;
  if (exec.trim() === "") throw new Failure("--exec needs a command that takes the events, as cat", EXIT.usage);
  const named = deadLetterFile !== undefined || deadLetterType !== undefined;
  if (onFailure === "dead-letter" && !named) {
    throw new Failure("--on-failure dead-letter needs a place: --dead-letter-file or --dead-letter-type", EXIT.usage);
  }
  if (onFailure !== "dead-letter" && named) {
    throw new Failure("dead letters have a place, but nothing goes there without --on-failure dead-letter", EXIT.usage);
  }
  const deadLetter = deadLetterFile !== undefined ? toFile(deadLetterFile) : toEventType(deadLetterType ?? "");
  return { retry: { attempts }, onExhausted: onFailure, ...(named && { deadLetter }) };
}

function summary({ events, batches, skipped, deadLetters, abandoned }: StopReport): string {
  const others = [
    skipped > 0 ? `, ${skipped} of them skipped` : "",
    deadLetters > 0 ? `, ${deadLetters} of them dead letters` : "",
    abandoned.length > 0
      ? `; ${abandoned.length} batches were not committed and are delivered again after the server's commit timeout`
      : "",
  ];
  return `${events} events in ${batches} batches were handled${others.join("")}`;
}
