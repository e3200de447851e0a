/**
 * The family of errors (design 3.4). Match on `code`; two installed copies of this package recognise each other's.
 * @pure
 */
import type { CommitResponse, Cursor, LaneKey, Problem } from "nakadi-protocol";
import { codeOfStatus, ERROR_TABLE, type ErrorCode } from "./error-table.ts";

/** What became of one cursor of a commit. */
export type CommitItem = Readonly<CommitResponse["items"][number]>;

const BRAND = Symbol.for("nakadi-client.error");

export interface ErrorContext {
  /** What was tried, e.g. `POST /event-types/x/events`. */
  request?: string | undefined;
  cause?: unknown;
}

export class NakadiError extends Error {
  override readonly name: string = "NakadiError";
  readonly code: ErrorCode;
  /** What was tried, without query and body. */
  readonly request: string | undefined;

  constructor(code: ErrorCode, message: string, { request, cause }: ErrorContext = {}) {
    super(request === undefined ? message : `${request}: ${message}`, cause === undefined ? {} : { cause });
    this.code = code;
    this.request = request;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  get retryable(): boolean {
    return ERROR_TABLE[this.code].retryable;
  }

  /** Whether `value` is an error of this package, in whichever copy. */
  static is(value: unknown): value is NakadiError {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  /** Safe to log: no token, no payload. */
  toJSON(): Record<string, unknown> {
    return { name: this.name, code: this.code, message: this.message, retryable: this.retryable };
  }
}

/** An option or argument is wrong; nothing was sent. */
export class ConfigError extends NakadiError {
  override readonly name: string = "ConfigError";
  /** Where the wrong value stands, e.g. `options.retry.maxDelayMs`. */
  readonly path: string;

  constructor(path: string, allowed: string) {
    super("CONFIG", `${path} must be ${allowed}`);
    this.path = path;
  }
}

export interface HttpErrorDetails extends ErrorContext {
  status: number;
  /** The body, where it is a problem object or can be read as one. */
  problem?: Problem | undefined;
  flowId?: string | undefined;
  /** What the server asks for with `Retry-After`. */
  retryAfterMs?: number | undefined;
  /** How the body is encoded, so that nobody could read it. */
  encoding?: string | undefined;
}

const HEAD_TOO_LARGE: readonly number[] = [414, 431];

/** The server refused the request. The status is always the HTTP status, whatever the body says. */
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
          ? " The path, query and headers of the request are longer than the server takes: name fewer cursors or partitions."
          : "";
    const unread = encoding === undefined ? "" : `: the answer is encoded as ${encoding}, which was not asked for`;
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

/** Every partition has its stream already, or the cursors are being reset: the two cannot be told apart reliably. */
export class NoFreeSlotError extends HttpError {
  override readonly name = "NoFreeSlotError";
  constructor(details: HttpErrorDetails) {
    super(details, "NO_FREE_SLOT");
  }
}

/** Another reset of the subscription's cursors is still under way. */
export class CursorResetError extends HttpError {
  override readonly name = "CursorResetError";
  constructor(details: HttpErrorDetails) {
    super(details, "CURSOR_RESET");
  }
}

/** The stream that the cursors came from is gone, or these lanes of it; uncommitted events come again. */
export class SessionLostError extends NakadiError {
  override readonly name = "SessionLostError";
  readonly streamId: string;
  /** The lanes that were refused. */
  readonly lanes: readonly LaneKey[];
  /** What was committed all the same: other lanes, other streams. */
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

/** The store of a stream without a subscription could not read or keep positions. */
export class CursorStoreError extends NakadiError {
  override readonly name = "CursorStoreError";
  constructor(message: string, context: ErrorContext = {}) {
    super("CURSOR_STORE", message, context);
  }
}

/** No answer: refused, reset, unknown host, TLS. */
export class TransportError extends NakadiError {
  override readonly name = "TransportError";
  /** False where not one byte of the request can have reached the server. */
  readonly sent: boolean;
  constructor(message: string, { sent = true, ...context }: ExchangeContext = {}) {
    super("TRANSPORT", message, context);
    this.sent = sent;
  }
}

/** No answer, or nothing more of it, in time. */
export class TimeoutError extends NakadiError {
  override readonly name = "TimeoutError";
  /** False where not one byte of the request can have reached the server. */
  readonly sent: boolean;
  constructor(message: string, { sent = true, ...context }: ExchangeContext = {}) {
    super("TIMEOUT", message, context);
    this.sent = sent;
  }
}

/** The answer is not what a Nakadi server sends. */
export class ProtocolError extends NakadiError {
  override readonly name: string = "ProtocolError";
  constructor(message: string, context: ErrorContext = {}) {
    super("PROTOCOL", message, context);
  }
}

/** An event that the server has stored is not JSON. Its bytes are in `raws` of the batch. */
export class UnreadableEventError extends ProtocolError {
  override readonly name = "UnreadableEventError";
  readonly eventType: string;
  readonly partition: string;
  /** Of the batch that the event is in. */
  readonly offset: string;
  /** The place of the event in the batch, from 0. */
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

  /** It stays as it is stored. */
  override get retryable(): boolean {
    return false;
  }
}

/** Whatever was thrown, as one of the family; errors of the family stay as they are. */
export function nakadiError(thrown: unknown, context: ExchangeContext = {}): NakadiError {
  if (NakadiError.is(thrown)) return thrown;
  const message = thrown instanceof Error ? messageOf(thrown) : "the transport failed";
  return new TransportError(message, quotesBytes(thrown) ? context : { ...context, cause: thrown });
}

/** undici's parser error carries the bytes it stumbled over, which may be events. */
function quotesBytes(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === "HTTPParserError";
}

/** Connection errors of several addresses come without a message of their own. */
function messageOf(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return error.message === "" ? code : error.message;
}
