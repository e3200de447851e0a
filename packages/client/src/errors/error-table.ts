/**
 * Every error code of the client: its class, HTTP statuses, whether a retry can succeed, and its meaning. `docs/errors.md` is
 * rendered from this table.
 * @pure
 */
export interface ErrorRow {
  class: string;
  /** The HTTP statuses that have this code; empty for errors without a response. */
  statuses: string;
  /** Whether the same call may succeed later without any change by the program or an operator. */
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
      "An option or argument is invalid and nothing was sent, or a defect of the program makes every retry fail.",
  },
  HTTP: { class: "HttpError", statuses: "any other", retryable: false, meaning: "The server refused the request." },
  UNAUTHORIZED: {
    class: "HttpError",
    statuses: "401",
    retryable: false,
    meaning: "The token is missing, or was refused again after one refresh.",
  },
  FORBIDDEN: {
    class: "HttpError",
    statuses: "403",
    retryable: false,
    meaning: "The token does not permit the request.",
  },
  NOT_FOUND: {
    class: "HttpError",
    statuses: "404",
    retryable: false,
    meaning: "The event type or subscription does not exist.",
  },
  NO_FREE_SLOT: {
    class: "NoFreeSlotError",
    statuses: "409",
    retryable: true,
    meaning: "Every partition has its stream, or the cursors are being reset. A slot becomes free later.",
  },
  CURSOR_UNAVAILABLE: {
    class: "HttpError",
    statuses: "412",
    retryable: false,
    meaning:
      "The log does not hold a committed position. Reset the subscription's cursors: " +
      "PATCH /subscriptions/{id}/cursors, or nakadi.subscriptions.resetCursors(id, cursors).",
  },
  CURSOR_EXPIRED: {
    class: "HttpError",
    statuses: "412, 422",
    retryable: false,
    meaning:
      "The log does not hold a position of a stream without a subscription. " +
      'Begin elsewhere, or set expired to "oldest" or "newest".',
  },
  CURSOR_STORE: {
    class: "CursorStoreError",
    statuses: "",
    retryable: false,
    meaning: "The cursor store could not load or save positions.",
  },
  CURSOR_RESET: {
    class: "CursorResetError",
    statuses: "409",
    retryable: true,
    meaning: "Another reset of the subscription's cursors is in progress.",
  },
  TOO_MANY_REQUESTS: {
    class: "HttpError",
    statuses: "429",
    retryable: true,
    meaning: "The server limits the rate of requests.",
  },
  SERVER: {
    class: "HttpError",
    statuses: "408, 425, 5xx but 501",
    retryable: true,
    meaning: "The server, or a gateway in front of it, failed.",
  },
  PUBLISH: {
    class: "PublishError",
    statuses: "any, or none",
    retryable: false,
    meaning: "Not every event was stored. The error holds one verdict per event.",
  },
  SESSION_LOST: {
    class: "SessionLostError",
    statuses: "422",
    retryable: false,
    meaning:
      "The stream that the cursor came from has ended, or lost this lane. Its uncommitted events are delivered again.",
  },
  TRANSPORT: {
    class: "TransportError",
    statuses: "",
    retryable: true,
    meaning: "No response: connection refused or reset, unknown host, TLS failure.",
  },
  TIMEOUT: {
    class: "TimeoutError",
    statuses: "",
    retryable: true,
    meaning: "The response, or the next part of it, did not arrive in time.",
  },
  PROTOCOL: {
    class: "ProtocolError",
    statuses: "",
    retryable: true,
    meaning:
      "The response does not follow the protocol. Its subclass UnreadableEventError names an event that is not JSON; " +
      "that one is not retryable.",
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

/** The code for an HTTP status. The meaning of 409 and 422 depends on the request, so its caller chooses those codes. */
export function codeOfStatus(status: number): ErrorCode {
  return OF_STATUS[status] ?? (status >= 500 ? "SERVER" : "HTTP");
}
