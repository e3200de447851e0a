/**
 * Changes a group while it has no streams: the reset mark makes all streams of the subscription close and keeps new ones
 * from opening, and the change waits for the end of the last one (protocol 2.9).
 */
import type { Clock } from "nakadi-protocol";
import type { CoordinationPort, Group } from "nakadi-storage";
import type { Limits } from "../limits.ts";
import { nextHint } from "../next-hint.ts";
import { ProblemError } from "../problems.ts";
import { isResetting, longestResetMs } from "./reset-mark.ts";

/** Interval of polls, because hints may be lost. */
const POLL_MS = 250;

export interface StandstillParts {
  coordination: CoordinationPort;
  limits: Limits;
  clock: Clock;
}

/**
 * Runs `change` with the group once none of its sessions is alive, and repeats it after each conflict.
 * @throws {ProblemError} 404 if the subscription is deleted; 409 during another reset; 500 if streams do not end in time
 */
export async function withoutStreams(
  parts: StandstillParts,
  id: string,
  change: (group: Group) => Promise<"conflict" | "changed" | "forced">,
): Promise<void> {
  const { coordination, clock, limits } = parts;
  const timeoutMs = longestResetMs(limits);
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  const untilMs = clock.wallMs() + timeoutMs;
  await setMarker(coordination, id, ({ resetUntilMs }) => {
    if (isResetting(resetUntilMs, clock.wallMs(), timeoutMs)) {
      throw new ProblemError(409, "Cursors reset is already in progress for provided subscription");
    }
    return untilMs;
  });
  try {
    for (;;) {
      const group = await untilNoSession(parts, id, deadlineMs);
      if ((await change(group)) !== "conflict") return;
    }
  } finally {
    await setMarker(coordination, id, ({ resetUntilMs }) => (resetUntilMs === untilMs ? null : resetUntilMs));
  }
}

async function setMarker(
  coordination: CoordinationPort,
  id: string,
  marker: (group: Group) => number | null,
): Promise<void> {
  for (;;) {
    const current = await coordination.group(id);
    if (!current) return;
    const { version, sessions, topology } = current.group;
    const resetUntilMs = marker(current.group);
    if (resetUntilMs === current.group.resetUntilMs) return;
    if ((await coordination.change(id, version, { sessions, topology, resetUntilMs })) === "changed") return;
  }
}

/** Resolves to the group when no session is alive. */
async function untilNoSession(
  { coordination, clock }: StandstillParts,
  id: string,
  deadlineMs: number,
): Promise<Group> {
  for (;;) {
    const current = await coordination.group(id);
    if (!current) throw new ProblemError(404, `Subscription with id "${id}" does not exist`);
    const { group, alive } = current;
    if (!group.sessions.some((session) => alive.has(session.id))) return group;
    if (clock.monotonicMs() >= deadlineMs) throw new ProblemError(500, "Timeout resetting cursors");
    await nextHint(clock, POLL_MS, (hint) => coordination.onChange(id, hint));
  }
}
