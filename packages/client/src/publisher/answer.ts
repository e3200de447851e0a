/**
 * The outcome of one publish request for each of its events, and whether a retry can succeed (protocol 4.1, 4.3).
 * @pure
 */
import type { BatchItemResponse, PublishingStep } from "nakadi-protocol";
import { type HttpError, type NakadiError, ProtocolError } from "../errors/nakadi-error.ts";
import type { VerdictStatus } from "./verdict.ts";

export interface ItemVerdict {
  /** The outcome of this request alone: `aborted` means that this request did not store the event. */
  status: VerdictStatus;
  step?: PublishingStep | undefined;
  detail?: string | undefined;
}

export interface Answer {
  /** One per event, in the order in which the events were sent. */
  items: readonly ItemVerdict[];
  /**
   * `now`, `later`: send aborted and unknown events again, at once or after a back-off. `split`: a single event may have caused the
   * refusal of the whole request, so send each half separately.
   */
  next: "stop" | "now" | "later" | "split";
  error: NakadiError | undefined;
}

/** The outcome of a response. @param refusal creates the error for the response */
export function answered(
  { status, body }: { status: number; body: Uint8Array },
  count: number,
  refusal: () => HttpError,
): Answer {
  if (status === 200) return accepted(body, count);
  const responses = status === 207 || status === 422 ? itemResponses(body, count) : undefined;
  return responses ? itemByItem(status, responses, refusal) : asAWhole(refusal(), count);
}

/** As `answered`, for tombstones: if the event type is not compacted, the server aborts all and names no culprit (protocol 4.8). */
export function answeredToTombstones(
  response: { status: number; body: Uint8Array },
  count: number,
  refusal: () => HttpError,
): Answer {
  const answer = answered(response, count, refusal);
  const refused = response.status === 422 && answer.items.every(({ status }) => status === "aborted");
  return refused
    ? all(count, { status: "rejected", detail: "the event type is not compacted" }, "stop", undefined)
    : answer;
}

/** The outcome without a response. @param sent whether the server may have received the request */
export function failed(error: NakadiError, sent: boolean, count: number): Answer {
  const next = error.retryable ? "later" : "stop";
  return all(count, { status: sent ? "unknown" : "aborted", detail: error.message }, next, error);
}

/** Nakadi's success is a 200 without a body; a gateway may send a login page with status 200. */
function accepted(body: Uint8Array, count: number): Answer {
  if (body.every(isWhiteSpace)) return all(count, { status: "submitted" }, "stop", undefined);
  const error = new ProtocolError("the 200 has a body; Nakadi confirms stored events with an empty one");
  return all(count, { status: "unknown", detail: error.message }, "later", error);
}

function asAWhole(error: HttpError, count: number): Answer {
  const said = error.problem?.detail ?? error.problem?.title;
  const detail = `HTTP ${error.status}${said === undefined ? "" : `: ${said}`}`;
  const every = (status: VerdictStatus, next: Answer["next"]): Answer => all(count, { status, detail }, next, error);
  switch (error.status) {
    case 400:
    case 413:
      return every("rejected", count > 1 ? "split" : "stop");
    case 403:
    case 404:
    case 415:
      return every("rejected", "stop");
    case 422:
      return error.problem ? every("rejected", "stop") : every("unknown", "later");
    case 401:
      return every("aborted", "stop");
    case 429:
      return every("aborted", "later");
    default:
      return every("unknown", error.retryable || error.status === 207 ? "later" : "stop");
  }
}

/**
 * Item statuses decide, not steps: valid events before an invalid one have step `validating` too. A 422 stores nothing, so its
 * `aborted` items can be sent again. If a 422 names a stored item nevertheless, its other items are as uncertain as those of a
 * 207, which may be stored although their status is `aborted` or `failed`.
 */
function itemByItem(status: number, responses: readonly BatchItemResponse[], refusal: () => HttpError): Answer {
  const has = (wanted: BatchItemResponse["publishing_status"]): boolean =>
    responses.some(({ publishing_status }) => publishing_status === wanted);
  const nothingStored = status === 422 && !has("submitted");
  const items = responses.map(({ publishing_status, step, detail }): ItemVerdict => {
    const known = { step, detail: detail === "" ? undefined : detail };
    if (publishing_status === "submitted") return { status: "submitted", ...known };
    if (publishing_status === "failed" && status === 422) return { status: "rejected", ...known };
    return { status: nothingStored ? "aborted" : "unknown", ...known };
  });
  if (nothingStored) return { items, next: has("failed") ? "now" : "stop", error: undefined };
  const open = items.some((item) => item.status === "unknown");
  return { items, next: open ? "later" : "stop", error: open ? refusal() : undefined };
}

function all(count: number, item: ItemVerdict, next: Answer["next"], error: NakadiError | undefined): Answer {
  return { items: Array.from({ length: count }, () => item), next, error };
}

const STATUSES = new Set<unknown>(["submitted", "failed", "aborted"]);
const STEPS = new Set<unknown>(["none", "validating", "partitioning", "enriching", "publishing"]);

/** `undefined` unless the body holds a valid item for each event. */
function itemResponses(body: Uint8Array, count: number): BatchItemResponse[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed) || parsed.length !== count) return undefined;
  const items = parsed as (Partial<Record<keyof BatchItemResponse, unknown>> | null)[];
  if (!items.every((item) => STATUSES.has(item?.publishing_status))) return undefined;
  return items.map((item) => ({
    ...(item as BatchItemResponse),
    step: (STEPS.has(item?.step) ? item?.step : undefined) as PublishingStep,
    detail: typeof item?.detail === "string" ? item.detail : "",
  }));
}

function isWhiteSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
