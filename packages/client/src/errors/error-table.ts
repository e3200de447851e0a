/**
 * Every error of the client in one table: its code, its class, whether trying again can help, and what it means.
 * `docs/errors.md` is rendered from it.
 * @pure
 */
export interface ErrorRow {
  class: string;
  /** The HTTP statuses it stands for, where it comes from an answer. */
  statuses: string;
  /** Whether the same call may succeed later without anybody changing anything. */
  retryable: boolean;
  meaning: string;
}

export type ErrorCode =
  | "CONFIG"
  | "HTTP"
  | "UNAUTHORIZED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "NO_FREE_SLOT"
  | "CURSOR_UNAVAILABLE"
  | "CURSOR_EXPIRED"
  | "CURSOR_RESET"
  | "CURSOR_STORE"
  | "TOO_MANY_REQUESTS"
  | "SERVER"
  | "PUBLISH"
  | "SESSION_LOST"
  | "TRANSPORT"
  | "TIMEOUT"
  | "PROTOCOL"
  | "CLOSED"
  | "HANDLER";

export const ERROR_TABLE: Readonly<Record<ErrorCode, ErrorRow>> = {
  CONFIG: {
    class: "ConfigError",
    statuses: "",
    retryable: false,
    meaning:
      "An option or argument is wrong and nothing was sent, or the program has a mistake that no further try mends.",
  },
  HTTP: { class: "HttpError", statuses: "any other", retryable: false, meaning: "The server refused the request." },
  UNAUTHORIZED: {
    class: "HttpError",
    statuses: "401",
    retryable: false,
    meaning: "The token is missing or was refused, also after it was refreshed once.",
  },
  FORBIDDEN: { class: "HttpError", statuses: "403", retryable: false, meaning: "The token does not allow this." },
  NOT_FOUND: {
    class: "HttpError",
    statuses: "404",
    retryable: false,
    meaning: "There is no such event type or subscription.",
  },
  NO_FREE_SLOT: {
    class: "NoFreeSlotError",
    statuses: "409",
    retryable: true,
    meaning: "Every partition has its stream, or the cursors are being reset: a slot will be free later.",
  },
  CURSOR_UNAVAILABLE: {
    class: "HttpError",
    statuses: "412",
    retryable: false,
    meaning:
      "A committed position lies outside of what the log holds. Reset the subscription's cursors: " +
      "PATCH /subscriptions/{id}/cursors, or nakadi.subscriptions.resetCursors(id, cursors).",
  },
  CURSOR_EXPIRED: {
    class: "HttpError",
    statuses: "412, 422",
    retryable: false,
    meaning:
      "A position of a stream without a subscription lies outside of what the log holds. " +
      'Begin elsewhere, or set expired to "oldest" or "newest".',
  },
  CURSOR_STORE: {
    class: "CursorStoreError",
    statuses: "",
    retryable: false,
    meaning: "The cursor store could not read or keep positions.",
  },
  CURSOR_RESET: {
    class: "CursorResetError",
    statuses: "409",
    retryable: true,
    meaning: "Another reset of the subscription's cursors is still under way.",
  },
  TOO_MANY_REQUESTS: {
    class: "HttpError",
    statuses: "429",
    retryable: true,
    meaning: "The server asks to slow down.",
  },
  SERVER: {
    class: "HttpError",
    statuses: "408, 425, 5xx but 501",
    retryable: true,
    meaning: "The server, or a gateway before it, has a problem of its own.",
  },
  PUBLISH: {
    class: "PublishError",
    statuses: "any, or none",
    retryable: false,
    meaning: "Not every event was stored; the error names what became of each.",
  },
  SESSION_LOST: {
    class: "SessionLostError",
    statuses: "422",
    retryable: false,
    meaning: "The stream that the cursor came from is gone, or this lane of it; its events come again.",
  },
  TRANSPORT: {
    class: "TransportError",
    statuses: "",
    retryable: true,
    meaning: "No answer: refused, reset, unknown host, TLS.",
  },
  TIMEOUT: {
    class: "TimeoutError",
    statuses: "",
    retryable: true,
    meaning: "No answer, or nothing more of it, in time.",
  },
  PROTOCOL: {
    class: "ProtocolError",
    statuses: "",
    retryable: true,
    meaning:
      "The answer is not what a Nakadi server sends. An UnreadableEventError, which is one, names an event that is not JSON: " +
      "trying again does not help there.",
  },
  CLOSED: { class: "NakadiError", statuses: "", retryable: false, meaning: "The client or stream was closed." },
  HANDLER: { class: "NakadiError", statuses: "", retryable: false, meaning: "The program's own handler failed." },
};

const OF_STATUS: Readonly<Partial<Record<number, ErrorCode>>> = {
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  408: "SERVER",
  412: "CURSOR_UNAVAILABLE",
  425: "SERVER",
  429: "TOO_MANY_REQUESTS",
  501: "HTTP",
};

/** The code for an HTTP status; what 409 and 422 mean depends on the request, which knows better. */
export function codeOfStatus(status: number): ErrorCode {
  return OF_STATUS[status] ?? (status >= 500 ? "SERVER" : "HTTP");
}
