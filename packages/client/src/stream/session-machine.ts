/**
 * What a stream does when something happens to it: a table that is total over state and event. The driver carries out the
 * effects and decides nothing.
 * @pure
 */
import { type NakadiError, ProtocolError } from "../errors/nakadi-error.ts";

/** A stream that lived so long makes no hot loop, whatever ends it. */
export const USEFUL_LIFE_MS = 10_000;

/** What the next wait is made of; progress sets both to 0. */
interface Past {
  /** What failed in a row: attempts to open, and streams that ended young. */
  failures: number;
  /** Streams in a row that ended young and without progress, however many batches came; failed attempts between them change nothing. */
  ends: number;
}

export type SessionState =
  | ({ kind: "connecting"; slotSinceMs: number | undefined } & Past)
  | ({ kind: "streaming"; openedAtMs: number; useful: boolean; progressed: boolean } & Past)
  | ({ kind: "backing-off" } & Past)
  | ({ kind: "waiting-for-slot"; slotSinceMs: number } & Past)
  | { kind: "closed" }
  | { kind: "failed"; error: NakadiError };

export type SessionEvent =
  /** The head of a stream came. */
  | { kind: "opened"; atMs: number }
  /** A batch with events came. */
  | { kind: "batch" }
  /** A position moved: the server took a commit, of this stream or an earlier one; without a subscription, a batch was taken. */
  | { kind: "progressed" }
  /** No stream: what the server, or the network, said. */
  | { kind: "refused"; error: NakadiError; verdict: Verdict; atMs: number }
  /** The stream is over; without an error it ended as it should. */
  | { kind: "ended"; error: NakadiError | undefined; atMs: number }
  /** The wait is over. */
  | { kind: "due" }
  /** Nothing will ever work: a commit was forbidden, the line too long. */
  | { kind: "fatal"; error: NakadiError }
  | { kind: "close" };

export type Verdict = "fatal" | "transient" | "no-slot";

export type SessionEffect =
  | { kind: "connect" }
  /** Lets go of the connection and of every batch that came through it. */
  | { kind: "drop" }
  /** Waits by the back-off for so many failures; `alarm` is what observers are told, if anything. */
  | { kind: "wait"; failures: number; cause: NakadiError | undefined; alarm: NakadiError | undefined }
  | { kind: "cancel-wait" }
  | { kind: "tell-healthy" }
  /** Ends whatever waits for batches: with nothing, or with the error. */
  | { kind: "finish"; error: NakadiError | undefined };

export interface Step {
  state: SessionState;
  effects: readonly SessionEffect[];
}

export interface MachineSettings {
  /** How long no slot is nothing to be told about. */
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

/** Nothing happens to it any more. */
const OVER = {
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

const wait = (past: Past, error: NakadiError, quiet = false): Step => ({
  state: { kind: "backing-off", ...past },
  effects: [
    { kind: "drop" },
    { kind: "wait", failures: past.failures - 1, cause: error, alarm: quiet ? undefined : error },
  ],
});

/** A stream that ended young and moved no position: its batches come again and again, so they are no success. */
const endedInVain = (
  { failures, ends, useful }: Kinds<SessionState>["streaming"],
  error: NakadiError | undefined,
): Step => {
  // What failed before the batch came is over; ends of streams are not.
  const past = { failures: useful ? ends + 1 : failures + 1, ends: ends + 1 };
  // A stream that ended as it should right behind a batch is nothing to be told about unless that goes on.
  return wait(past, error ?? endedYoung(useful), useful && ends === 0 && error === undefined);
};

const NEVER_FAILED: Past = { failures: 0, ends: 0 };

/** What was done of an earlier stream is committed while the next one is on its way. */
const progressed = <S extends Past & SessionState>(state: S): Step =>
  state.failures === 0 && state.ends === 0 ? stay(state) : { state: { ...state, ...NEVER_FAILED }, effects: [] };

const TABLE: Table = {
  connecting: {
    opened: ({ failures, ends }, { atMs }) => ({
      state: { kind: "streaming", failures, ends, openedAtMs: atMs, useful: false, progressed: false },
      effects: [{ kind: "tell-healthy" }],
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
      if (!state.progressed && atMs - state.openedAtMs < USEFUL_LIFE_MS) return endedInVain(state, error);
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
  closed: OVER,
  // What has failed stays failed: whoever asks gets the same error, also after a close.
  failed: OVER,
};

export const INITIAL_STATE: SessionState = { kind: "connecting", ...NEVER_FAILED, slotSinceMs: undefined };

/** The next state and what is to be done; the same state object where nothing changes. */
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
