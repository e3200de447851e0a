/**
 * The state machine of a stream: a transition table that is total over state and event. The driver only carries out the effects.
 * @pure
 */
import { type NakadiError, ProtocolError } from "../errors/nakadi-error.ts";

/** A stream that lasts this long causes no hot loop, however it ends. */
export const USEFUL_LIFE_MS = 10_000;

/** The counts that the next delay depends on; progress resets both. */
interface Failures {
  /** Failures in a row: attempts to open, and streams that ended early. */
  failures: number;
  /** Streams in a row that ended early without progress, with or without batches; failed attempts between them do not count. */
  ends: number;
}

export type SessionState =
  | ({ kind: "connecting"; slotSinceMs: number | undefined } & Failures)
  | ({ kind: "streaming"; openedAtMs: number; useful: boolean; progressed: boolean } & Failures)
  | ({ kind: "backing-off" } & Failures)
  | ({ kind: "waiting-for-slot"; slotSinceMs: number } & Failures)
  | { kind: "closed" }
  | { kind: "failed"; error: NakadiError };

export type SessionEvent =
  /** The response headers of a stream arrived. */
  | { kind: "opened"; atMs: number }
  /** A batch with events came. */
  | { kind: "batch" }
  /** A position advanced: a commit of this stream or an earlier one succeeded; without a subscription, a batch was taken. */
  | { kind: "progressed" }
  /** Opening failed, with the error of the server or the network. */
  | { kind: "refused"; error: NakadiError; verdict: Verdict; atMs: number }
  /** The stream has ended; regularly, if there is no error. */
  | { kind: "ended"; error: NakadiError | undefined; atMs: number }
  /** The delay has passed. */
  | { kind: "due" }
  /** An error that no retry changes: a forbidden commit, a line that is too long. */
  | { kind: "fatal"; error: NakadiError }
  | { kind: "close" };

export type Verdict = "fatal" | "transient" | "no-slot";

export type SessionEffect =
  | { kind: "connect" }
  /** Closes the connection and drops every batch that came through it. */
  | { kind: "drop" }
  /** Waits for the back-off of `failures`; `alarm` is the error that observers receive, if any. */
  | { kind: "wait"; failures: number; cause: NakadiError | undefined; alarm: NakadiError | undefined }
  | { kind: "cancel-wait" }
  | { kind: "notify-healthy" }
  /** Settles every wait for a batch: with `undefined`, or with the error. */
  | { kind: "finish"; error: NakadiError | undefined };

export interface Step {
  state: SessionState;
  effects: readonly SessionEffect[];
}

export interface MachineSettings {
  /** Milliseconds without a slot that are not reported. */
  quietSlotMs: number;
}

type Kinds<T extends { kind: string }> = { [K in T["kind"]]: Extract<T, { kind: K }> };
type Table = {
  [S in SessionState["kind"]]: {
    [E in SessionEvent["kind"]]: (
      state: Kinds<SessionState>[S],
      event: Kinds<SessionEvent>[E],
      settings: MachineSettings,
    ) => Step;
  };
};

const stay = (state: SessionState): Step => ({ state, effects: [] });

/** Final: no event changes the state. */
const FINAL = {
  opened: stay,
  batch: stay,
  progressed: stay,
  refused: stay,
  ended: stay,
  due: stay,
  fatal: stay,
  close: stay,
} satisfies Record<SessionEvent["kind"], typeof stay>;

const close =
  (...before: SessionEffect[]) =>
  (): Step => ({
    state: { kind: "closed" },
    effects: [...before, { kind: "finish", error: undefined }],
  });

const fail =
  (...before: SessionEffect[]) =>
  (_state: SessionState, { error }: { error: NakadiError }): Step => ({
    state: { kind: "failed", error },
    effects: [...before, { kind: "finish", error }],
  });

const wait = (past: Failures, error: NakadiError, quiet = false): Step => ({
  state: { kind: "backing-off", ...past },
  effects: [
    { kind: "drop" },
    { kind: "wait", failures: past.failures - 1, cause: error, alarm: quiet ? undefined : error },
  ],
});

/** A stream that ended early and advanced no position. Its batches will be redelivered, so they do not count as success. */
const endedWithoutProgress = (
  { failures, ends, useful }: Kinds<SessionState>["streaming"],
  error: NakadiError | undefined,
): Step => {
  // A batch resets the failed attempts, but not the count of streams that ended early.
  const past = { failures: useful ? ends + 1 : failures + 1, ends: ends + 1 };
  // The first regular end behind a batch is not reported.
  return wait(past, error ?? endedYoung(useful), useful && ends === 0 && error === undefined);
};

const NEVER_FAILED: Failures = { failures: 0, ends: 0 };

/** A commit of an earlier stream succeeds while the next one is being opened. */
const progressed = <S extends Failures & SessionState>(state: S): Step =>
  state.failures === 0 && state.ends === 0 ? stay(state) : { state: { ...state, ...NEVER_FAILED }, effects: [] };

const TABLE: Table = {
  connecting: {
    opened: ({ failures, ends }, { atMs }) => ({
      state: { kind: "streaming", failures, ends, openedAtMs: atMs, useful: false, progressed: false },
      effects: [{ kind: "notify-healthy" }],
    }),
    refused: ({ failures, ends, slotSinceMs }, { error, verdict, atMs }, { quietSlotMs }) => {
      if (verdict === "fatal") return fail()({ kind: "closed" }, { error });
      if (verdict === "transient") return wait({ failures: failures + 1, ends }, error);
      const since = slotSinceMs ?? atMs;
      const alarm = atMs - since >= quietSlotMs ? error : undefined;
      return {
        state: { kind: "waiting-for-slot", failures: failures + 1, ends, slotSinceMs: since },
        effects: [{ kind: "wait", failures, cause: error, alarm }],
      };
    },
    batch: stay,
    progressed,
    ended: stay,
    due: stay,
    fatal: fail({ kind: "drop" }),
    close: close({ kind: "drop" }),
  },
  streaming: {
    opened: stay,
    refused: stay,
    batch: (state) => (state.useful ? stay(state) : { state: { ...state, useful: true }, effects: [] }),
    progressed: (state) =>
      state.progressed && state.failures === 0 && state.ends === 0
        ? stay(state)
        : { state: { ...state, ...NEVER_FAILED, progressed: true }, effects: [] },
    ended: (state, { error, atMs }) => {
      if (!state.progressed && atMs - state.openedAtMs < USEFUL_LIFE_MS) return endedWithoutProgress(state, error);
      if (error) return wait({ failures: 1, ends: 1 }, error);
      return {
        state: { kind: "backing-off", ...NEVER_FAILED },
        effects: [{ kind: "drop" }, { kind: "wait", failures: 0, cause: undefined, alarm: undefined }],
      };
    },
    due: stay,
    fatal: fail({ kind: "drop" }),
    close: close({ kind: "drop" }),
  },
  "backing-off": {
    opened: stay,
    refused: stay,
    batch: stay,
    progressed,
    ended: stay,
    due: ({ failures, ends }) => ({
      state: { kind: "connecting", failures, ends, slotSinceMs: undefined },
      effects: [{ kind: "connect" }],
    }),
    fatal: fail({ kind: "cancel-wait" }),
    close: close({ kind: "cancel-wait" }),
  },
  "waiting-for-slot": {
    opened: stay,
    refused: stay,
    batch: stay,
    progressed,
    ended: stay,
    due: ({ failures, ends, slotSinceMs }) => ({
      state: { kind: "connecting", failures, ends, slotSinceMs },
      effects: [{ kind: "connect" }],
    }),
    fatal: fail({ kind: "cancel-wait" }),
    close: close({ kind: "cancel-wait" }),
  },
  closed: FINAL,
  // A failed stream rejects every call with the same error, also after a close.
  failed: FINAL,
};

export const INITIAL_STATE: SessionState = { kind: "connecting", ...NEVER_FAILED, slotSinceMs: undefined };

/** The next state and its effects; the same state object if nothing changes. */
export function step(state: SessionState, event: SessionEvent, settings: MachineSettings): Step {
  const row = TABLE[state.kind] as Record<
    SessionEvent["kind"],
    (state: SessionState, event: SessionEvent, settings: MachineSettings) => Step
  >;
  return row[event.kind](state, event, settings);
}

function endedYoung(useful: boolean): NakadiError {
  return new ProtocolError(
    `the stream ended at once, ${useful ? "and nothing of it was committed" : "without a batch"}`,
  );
}
