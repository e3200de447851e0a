/**
 * The errors of the client. Match on `code`: it also works across two installed copies of this package.
 * @pure
 */
import type { CommitResponse, Cursor, LaneKey, Problem } from "nakadi-protocol";
import { codeOfStatus, ERROR_TABLE, type ErrorCode } from "./error-table.ts";

/** The result of one cursor of a commit. */
export type CommitItem = Readonly<CommitResponse["items"][number]>;

const BRAND = Symbol.for("nakadi-client.error");

export interface ErrorContext {
  /** Method and path, e.g. `POST /event-types/x/events`. */
  request?: string | undefined;
  cause?: unknown;
}

export class NakadiError extends Error {
  override readonly name: string = "NakadiError";
  readonly code: ErrorCode;
  /** Method and path of the request, without query and body. */
  readonly request: string | undefined;

  constructor(code: ErrorCode, message: string, { request, cause }: ErrorContext = {}) {
    super(request === undefined ? message : `${request}: ${message}`, cause === undefined ? {} : { cause });
    this.code = code;
    this.request = request;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Whether the same call may succeed later without any change by the program or an operator. */
  get retryable(): boolean {
    return ERROR_TABLE[this.code].retryable;
  }

  /** Whether `value` is an error of this package, from any installed copy. */
  static is(value: unknown): value is NakadiError {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  /** Safe to log: no token, no payload. */
  toJSON(): Record<string, unknown> {
    return { name: this.name, code: this.code, message: this.message, retryable: this.retryable };
  }
}

/** An option or argument is invalid; nothing was sent. */
export class ConfigError extends NakadiError {
  override readonly name: string = "ConfigError";
  /** The option or argument, e.g. `options.retry.maxDelayMs`. */
  readonly path: string;

  constructor(path: string, allowed: string) {
    super("CONFIG", `${path} must be ${allowed}`);
    this.path = path;
  }
}

export interface HttpErrorDetails extends ErrorContext {
  status: number;
  /** The body, if it is a problem object or can be converted to one. */
  problem?: Problem | undefined;
  flowId?: string | undefined;
  /** Milliseconds that the server asks for by `Retry-After`. */
  retryAfterMs?: number | undefined;
  /** The content encoding that made the body unreadable. */
  encoding?: string | undefined;
}

const HEAD_TOO_LARGE: readonly number[] = [414, 431];

/** The server refused the request. `status` is the HTTP status even if the body states another one. */
export class HttpError extends NakadiError {
  override readonly name: string = "HttpError";
  readonly status: number;
  readonly problem: Problem | undefined;
  readonly flowId: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(details: HttpErrorDetails, code: ErrorCode = codeOfStatus(details.status)) {
    const { status, problem, flowId, retryAfterMs, encoding } = details;
    const said = problem?.detail ?? problem?.title;
    const hint =
      code === "CURSOR_UNAVAILABLE" || code === "CURSOR_EXPIRED"
        ? ` ${ERROR_TABLE[code].meaning}`
        : HEAD_TOO_LARGE.includes(status)
          ? " The path, query and headers of the request exceed the server's limit: name fewer cursors or partitions."
          : "";
    const unread =
      encoding === undefined ? "" : `: the response has content encoding ${encoding}, which was not requested`;
    super(code, `HTTP ${status}${said === undefined ? unread : `: ${said.trim()}`}${hint}`, details);
    this.status = status;
    this.problem = problem;
    this.flowId = flowId;
    this.retryAfterMs = retryAfterMs;
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), status: this.status, flowId: this.flowId };
  }
}

/** Every partition already has its stream, or the cursors are being reset. The response does not distinguish the two reliably. */
export class NoFreeSlotError extends HttpError {
  override readonly name = "NoFreeSlotError";
  constructor(details: HttpErrorDetails) {
    super(details, "NO_FREE_SLOT");
  }
}

/** Another reset of the subscription's cursors is in progress. */
export class CursorResetError extends HttpError {
  override readonly name = "CursorResetError";
  constructor(details: HttpErrorDetails) {
    super(details, "CURSOR_RESET");
  }
}

/** The stream that the cursors came from has ended, or lost these lanes. Uncommitted events are delivered again. */
export class SessionLostError extends NakadiError {
  override readonly name = "SessionLostError";
  readonly streamId: string;
  /** The lanes whose cursors were refused. */
  readonly lanes: readonly LaneKey[];
  /** Cursors of the same call that were committed: other lanes, other streams. */
  readonly items: readonly CommitItem[];

  constructor(
    streamId: string,
    message: string,
    {
      lanes = [],
      items = [],
      ...context
    }: ErrorContext & { lanes?: readonly LaneKey[]; items?: readonly CommitItem[] } = {},
  ) {
    super("SESSION_LOST", message, context);
    this.streamId = streamId;
    this.lanes = lanes;
    this.items = items;
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), streamId: this.streamId, lanes: this.lanes };
  }
}

export interface ExchangeContext extends ErrorContext {
  sent?: boolean;
}

/** The store of a stream without a subscription could not load or save positions. */
export class CursorStoreError extends NakadiError {
  override readonly name = "CursorStoreError";
  constructor(message: string, context: ErrorContext = {}) {
    super("CURSOR_STORE", message, context);
  }
}

/** No response: connection refused or reset, unknown host, TLS failure. */
export class TransportError extends NakadiError {
  override readonly name = "TransportError";
  /** False if no byte of the request can have reached the server. */
  readonly sent: boolean;
  constructor(message: string, { sent = true, ...context }: ExchangeContext = {}) {
    super("TRANSPORT", message, context);
    this.sent = sent;
  }
}

/** The response, or the next part of it, did not arrive in time. */
export class TimeoutError extends NakadiError {
  override readonly name = "TimeoutError";
  /** False if no byte of the request can have reached the server. */
  readonly sent: boolean;
  constructor(message: string, { sent = true, ...context }: ExchangeContext = {}) {
    super("TIMEOUT", message, context);
    this.sent = sent;
  }
}

/** The response does not follow the protocol. */
export class ProtocolError extends NakadiError {
  override readonly name: string = "ProtocolError";
  constructor(message: string, context: ErrorContext = {}) {
    super("PROTOCOL", message, context);
  }
}

/** A stored event is not JSON. Its bytes are in `raws` of the batch. */
export class UnreadableEventError extends ProtocolError {
  override readonly name = "UnreadableEventError";
  readonly eventType: string;
  readonly partition: string;
  /** The offset of the batch that contains the event. */
  readonly offset: string;
  /** The index of the event in the batch, from 0. */
  readonly index: number;

  constructor({ event_type, partition, offset }: Cursor, index: number) {
    super(
      `event ${index + 1} of the batch of ${event_type}, partition ${partition}, that ends at offset ${offset} is not JSON`,
    );
    this.eventType = event_type;
    this.partition = partition;
    this.offset = offset;
    this.index = index;
  }

  /** The stored event never changes. */
  override get retryable(): boolean {
    return false;
  }
}

/** Any thrown value as a NakadiError; a NakadiError is returned unchanged. */
export function nakadiError(thrown: unknown, context: ExchangeContext = {}): NakadiError {
  if (NakadiError.is(thrown)) return thrown;
  const message = thrown instanceof Error ? messageOf(thrown) : "the transport failed without a reason";
  return new TransportError(message, quotesBytes(thrown) ? context : { ...context, cause: thrown });
}

/** undici's parser error holds the bytes that it could not parse, which may be events. */
function quotesBytes(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === "HTTPParserError";
}

/** The error for a host whose addresses all failed has an empty message. */
function messageOf(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return error.message === "" ? code : error.message;
}
