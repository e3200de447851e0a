/**
 * What a stream does when something happens to it: a table that is total over state and event. The driver carries out the
 * effects and decides nothing.
 * @pure
 */
import { type NakadiError, ProtocolError } from "../errors/nakadi-error.ts";

/** A stream that lived so long was no failure, whatever ended it. */
const USEFUL_LIFE_MS = 10_000;

export type SessionState =
  | { kind: "connecting"; failures: number; slotSinceMs: number | undefined }
  | { kind: "streaming"; failures: number; openedAtMs: number; useful: boolean; committed: boolean }
  | { kind: "backing-off"; failures: number }
  | { kind: "waiting-for-slot"; failures: number; slotSinceMs: number }
  | { kind: "closed" }
  | { kind: "failed"; error: NakadiError };

export type SessionEvent =
  /** The head of a stream came. */
  | { kind: "opened"; atMs: number }
  /** A batch with events came. */
  | { kind: "batch" }
  /** The server took a commit of the open stream. */
  | { kind: "committed" }
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
  committed: stay,
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

const wait = (failures: number, error: NakadiError): Step => ({
  state: { kind: "backing-off", failures },
  effects: [{ kind: "drop" }, { kind: "wait", failures: failures - 1, cause: error, alarm: error }],
});

const TABLE: Table = {
  connecting: {
    opened: ({ failures }, { atMs }) => ({
      state: { kind: "streaming", failures, openedAtMs: atMs, useful: false, committed: false },
      effects: [{ kind: "tell-healthy" }],
    }),
    refused: ({ failures, slotSinceMs }, { error, verdict, atMs }, { quietSlotMs }) => {
      if (verdict === "fatal") return fail()({ kind: "closed" }, { error });
      if (verdict === "transient") return wait(failures + 1, error);
      const since = slotSinceMs ?? atMs;
      const alarm = atMs - since >= quietSlotMs ? error : undefined;
      return {
        state: { kind: "waiting-for-slot", failures: failures + 1, slotSinceMs: since },
        effects: [{ kind: "wait", failures, cause: error, alarm }],
      };
    },
    batch: stay,
    committed: stay,
    ended: stay,
    due: stay,
    fatal: fail({ kind: "drop" }),
    close: close({ kind: "drop" }),
  },
  streaming: {
    opened: stay,
    refused: stay,
    batch: (state) => (state.useful ? stay(state) : { state: { ...state, useful: true }, effects: [] }),
    committed: (state) => (state.committed ? stay(state) : { state: { ...state, committed: true }, effects: [] }),
    ended: ({ failures, openedAtMs, useful, committed }, { error, atMs }) => {
      // Batches of which no commit is taken come again and again: they are no success.
      const inVain = error?.code === "SESSION_LOST" && !committed;
      const good = (useful && !inVain) || atMs - openedAtMs >= USEFUL_LIFE_MS;
      if (!good) return wait(failures + 1, error ?? endedYoung());
      if (error) return wait(1, error);
      return {
        state: { kind: "backing-off", failures: 0 },
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
    committed: stay,
    ended: stay,
    due: ({ failures }) => ({
      state: { kind: "connecting", failures, slotSinceMs: undefined },
      effects: [{ kind: "connect" }],
    }),
    fatal: fail({ kind: "cancel-wait" }),
    close: close({ kind: "cancel-wait" }),
  },
  "waiting-for-slot": {
    opened: stay,
    refused: stay,
    batch: stay,
    committed: stay,
    ended: stay,
    due: ({ failures, slotSinceMs }) => ({
      state: { kind: "connecting", failures, slotSinceMs },
      effects: [{ kind: "connect" }],
    }),
    fatal: fail({ kind: "cancel-wait" }),
    close: close({ kind: "cancel-wait" }),
  },
  closed: OVER,
  // What has failed stays failed: whoever asks gets the same error, also after a close.
  failed: OVER,
};

export const INITIAL_STATE: SessionState = { kind: "connecting", failures: 0, slotSinceMs: undefined };

/** The next state and what is to be done; the same state object where nothing changes. */
export function step(state: SessionState, event: SessionEvent, settings: MachineSettings): Step {
  const row = TABLE[state.kind] as Record<
    SessionEvent["kind"],
    (state: SessionState, event: SessionEvent, settings: MachineSettings) => Step
  >;
  return row[event.kind](state, event, settings);
}

function endedYoung(): NakadiError {
  return new ProtocolError("the stream ended at once, without a batch");
}
