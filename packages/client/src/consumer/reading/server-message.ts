/**
 * Parses the messages of the server in `info.debug`, where their form is known (protocol 3.7, 3.12.3).
 * @pure
 */
export type ServerMessage =
  | { kind: "stream-started"; /** Events that retention deleted before they were read. */ eventsLost: number }
  | { kind: "commit-timeout" }
  | { kind: "stream-timeout" }
  | { kind: "stream-limit"; events: number }
  | { kind: "cursors-reset" }
  | { kind: "consumption-blocked" }
  | { kind: "overflow" }
  | { kind: "dead-letter-tracking"; partitions: DeadLetterTracking[] }
  | { kind: "unknown"; text: string };

/** How often events of a partition were sent without a commit, counted by the dead-letter handling of the server. */
export interface DeadLetterTracking {
  event_type: string;
  partition: string;
  failedCommits: number;
  /** The offset up to which events are sent one at a time. */
  lastDeadLetterOffset: string | undefined;
}

const TRACKING = "Auto DLQ failed commits tracking: ";
const [FAILED_COMMITS, LAST_OFFSET] = [" failedCommitsCount=", " lastDeadLetterOffset="];
const DIGITS = /^\d+$/;
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

/** The messages in the text; an unknown one has its text. Takes time in proportion to the text. */
export function serverMessages(text: string): ServerMessage[] {
  const tracking = trackingIn(text);
  const messages = messagesOf(tracking ? text.slice(0, tracking.start) + text.slice(tracking.end) : text);
  if (tracking) messages.push({ kind: "dead-letter-tracking", partitions: tracking.partitions });
  return messages;
}

/** Trims separators. A regular expression for the end takes quadratic time in the number of separators before it. */
function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && SEPARATORS.includes(text.charAt(start))) start += 1;
  while (end > start && SEPARATORS.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function messagesOf(text: string): ServerMessage[] {
  const messages: ServerMessage[] = [];
  for (let rest = trimmed(text); rest !== "";) {
    const [message, length] = firstMessage(rest);
    messages.push(message);
    rest = trimmed(rest.slice(length));
  }
  return messages;
}

/** With the length of its text. */
function firstMessage(text: string): [message: ServerMessage, length: number] {
  const started = STARTED.exec(text);
  if (started) return [{ kind: "stream-started", eventsLost: Number(started[1] ?? 0) }, started[0].length];
  const limit = LIMIT.exec(text);
  if (limit) return [{ kind: "stream-limit", events: Number(limit[1]) }, limit[0].length];
  const known = SENTENCES.find(([sentence]) => text.startsWith(sentence));
  return known ? [known[1], known[0].length] : [{ kind: "unknown", text }, text.length];
}

/** `{event-type:partition failedCommitsCount=1 lastDeadLetterOffset=null}, {…}` behind its heading, and where it stands. */
function trackingIn(text: string): { start: number; end: number; partitions: DeadLetterTracking[] } | undefined {
  const start = text.indexOf(`${TRACKING}{`);
  if (start === -1) return undefined;
  const partitions: DeadLetterTracking[] = [];
  let end = start + TRACKING.length;
  while (text[end] === "{") {
    const close = text.indexOf("}", end);
    if (close === -1) break;
    partitions.push(...tracked(text.slice(end + 1, close)));
    end = text.startsWith(", ", close + 1) ? close + 3 : close + 1;
  }
  return end > start + TRACKING.length ? { start, end, partitions } : undefined;
}

/** Nothing where it has another form. */
function tracked(text: string): DeadLetterTracking[] {
  const [lane = "", rest = "", ...more] = text.split(FAILED_COMMITS);
  const [count = "", offset = "", ...others] = rest.split(LAST_OFFSET);
  const colon = lane.lastIndexOf(":");
  if (more.length + others.length > 0 || colon < 1 || !DIGITS.test(count) || offset === "") return [];
  return [
    {
      event_type: lane.slice(0, colon),
      partition: lane.slice(colon + 1),
      failedCommits: Number(count),
      lastDeadLetterOffset: offset === "null" ? undefined : offset,
    },
  ];
}
