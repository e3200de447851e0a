/**
 * What the server says to people in `info.debug`, as far as it is understood (protocol 3.7, 3.12.3). Nothing depends on it.
 * @pure
 */
export type ServerMessage =
  | { kind: "stream-started"; /** Events that retention took before they were read. */ eventsLost: number }
  | { kind: "commit-timeout" }
  | { kind: "stream-timeout" }
  | { kind: "stream-limit"; events: number }
  | { kind: "cursors-reset" }
  | { kind: "consumption-blocked" }
  | { kind: "overflow" }
  | { kind: "dead-letter-tracking"; partitions: DeadLetterTracking[] }
  | { kind: "unknown"; text: string };

/** How often a partition's events were sent in vain, under the server's own dead-letter handling. */
export interface DeadLetterTracking {
  event_type: string;
  partition: string;
  failedCommits: number;
  /** Up to where events are sent one at a time. */
  lastDeadLetterOffset: string | undefined;
}

const TRACKING = /Auto DLQ failed commits tracking: ((?:\{[^{}]*\}(?:, )?)+)/;
const TRACKED = /\{([^{}\s]+):(\S+) failedCommitsCount=(\d+) lastDeadLetterOffset=([^{}\s]+)\}/g;
const SEPARATORS = "; \t\r\n";
const STARTED = /^Stream started(?:; skipped events due to retention time passed, count: (\d+))?/;
const LIMIT = /^Stream limit in events reached: (\d+)/;

const SENTENCES: readonly [string, ServerMessage][] = [
  ["Commit timeout reached", { kind: "commit-timeout" }],
  ["Stream timeout reached", { kind: "stream-timeout" }],
  ["Resetting subscription cursors", { kind: "cursors-reset" }],
  ["Consumption is blocked", { kind: "consumption-blocked" }],
  ["Stream parameters are causing overflow", { kind: "overflow" }],
];

/** Every message in the text; what is not understood comes as it is. */
export function serverMessages(text: string): ServerMessage[] {
  const tracking = TRACKING.exec(text);
  const rest = withoutSeparators(tracking ? text.replace(tracking[0], "") : text);
  const messages = rest === "" ? [] : messagesOf(rest);
  if (tracking?.[1] !== undefined) messages.push({ kind: "dead-letter-tracking", partitions: tracked(tracking[1]) });
  return messages;
}

/** At either end. A regular expression for the end takes time by the square of the spaces that stand before it. */
function withoutSeparators(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && SEPARATORS.includes(text.charAt(start))) start += 1;
  while (end > start && SEPARATORS.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function messagesOf(text: string): ServerMessage[] {
  const started = STARTED.exec(text);
  const limit = LIMIT.exec(text);
  const known = SENTENCES.find(([sentence]) => text.startsWith(sentence));
  const understood = started?.[0] ?? limit?.[0] ?? known?.[0];
  if (understood === undefined) return [{ kind: "unknown", text }];
  const message: ServerMessage = started
    ? { kind: "stream-started", eventsLost: Number(started[1] ?? 0) }
    : limit
      ? { kind: "stream-limit", events: Number(limit[1]) }
      : (known?.[1] ?? { kind: "unknown", text });
  const rest = withoutSeparators(text.slice(understood.length));
  return rest === "" ? [message] : [message, ...messagesOf(rest)];
}

function tracked(text: string): DeadLetterTracking[] {
  return [...text.matchAll(TRACKED)].map(([, event_type = "", partition = "", count, offset]) => ({
    event_type,
    partition,
    failedCommits: Number(count),
    lastDeadLetterOffset: offset === "null" ? undefined : offset,
  }));
}
