import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../errors/nakadi-error.ts";
import { INITIAL_STATE, type SessionEvent, type SessionState, step } from "./session-machine.ts";

const error = new ProtocolError("x");
const settings = { quietSlotMs: 90_000 };

const STATES: SessionState[] = [
  { kind: "connecting", failures: 2, ends: 1, slotSinceMs: undefined },
  { kind: "connecting", failures: 2, ends: 1, slotSinceMs: 0 },
  { kind: "streaming", failures: 2, ends: 1, openedAtMs: 0, useful: false, progressed: false },
  { kind: "streaming", failures: 2, ends: 1, openedAtMs: 0, useful: true, progressed: false },
  { kind: "streaming", failures: 2, ends: 1, openedAtMs: 0, useful: true, progressed: true },
  { kind: "backing-off", failures: 2, ends: 1 },
  { kind: "waiting-for-slot", failures: 2, ends: 1, slotSinceMs: 0 },
  { kind: "closed" },
  { kind: "failed", error },
];
const EVENTS: SessionEvent[] = [
  { kind: "opened", atMs: 5 },
  { kind: "batch" },
  { kind: "progressed" },
  { kind: "refused", error, verdict: "transient", atMs: 5 },
  { kind: "refused", error, verdict: "no-slot", atMs: 5 },
  { kind: "refused", error, verdict: "no-slot", atMs: 90_000 },
  { kind: "refused", error, verdict: "fatal", atMs: 5 },
  { kind: "ended", error: undefined, atMs: 5 },
  { kind: "ended", error, atMs: 5 },
  { kind: "ended", error: undefined, atMs: 10_000 },
  { kind: "due" },
  { kind: "fatal", error },
  { kind: "close" },
];

const name = (one: SessionState | SessionEvent): string =>
  Object.entries(one)
    .filter(([key, value]) => key !== "error" && value !== undefined)
    .map(([key, value]) => (key === "kind" ? value : `${key} ${value}`))
    .join(", ");

describe("the session machine", () => {
  it("has an answer for every state and event", () => {
    const table = STATES.flatMap((state) =>
      EVENTS.map((event) => {
        const next = step(state, event, settings);
        const effects = next.effects.map(({ kind }) => kind).join(" ");
        return next.state === state ? undefined : `${name(state)} | ${name(event)} | ${next.state.kind} | ${effects}`;
      }),
    );
    expect(table.filter(Boolean)).toMatchSnapshot();
  });

  it("changes nothing once it is closed or has failed", () => {
    for (const state of STATES.filter(({ kind }) => kind === "closed" || kind === "failed")) {
      for (const event of EVENTS) expect(step(state, event, settings)).toEqual({ state, effects: [] });
    }
  });

  it("whatever happens: one connection or one wait at a time, each dropped before the next, and an end that lasts", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 60 }), (events) => {
        let state = INITIAL_STATE;
        let active: "connection" | "wait" | "nothing" = "connection";
        let finished = 0;
        for (const event of events) {
          // A wait is due only where there is one, as a timer is.
          if (event.kind === "due" && active !== "wait") continue;
          if (event.kind === "due") active = "nothing";
          const next = step(state, event, settings);
          ({ state } = next);
          for (const effect of next.effects) {
            if (effect.kind === "connect" || effect.kind === "wait") {
              // What was refused has no connection to drop.
              if (event.kind === "refused") active = "nothing";
              expect(active).toBe("nothing");
              active = effect.kind === "connect" ? "connection" : "wait";
            }
            if (effect.kind === "drop" || effect.kind === "cancel-wait") active = "nothing";
            if (effect.kind === "finish") finished += 1;
          }
          const over = state.kind === "closed" || state.kind === "failed";
          expect(finished).toBe(over ? 1 : 0);
        }
      }),
    );
  });
});
