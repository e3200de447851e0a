/**
 * Problem objects: every error body of the server (protocol 0.5).
 * @pure
 */
export interface Problem {
  /** Left out for the ordinary kind, `about:blank`; a URI for refused members of a request and for 401. */
  type?: string;
  /** The reason phrase of the status. */
  title: string;
  /** As the HTTP status. */
  status: number;
  /** What was wrong, for people; lists of violations end with a line feed. */
  detail?: string;
}

/** Step that an item of a published batch reached (protocol 4.3). */
export type PublishingStep = "none" | "validating" | "partitioning" | "enriching" | "publishing";

/** The answer for one event of a batch, in the order of the request (protocol 4.3). */
export interface BatchItemResponse {
  /** `failed` names the event at fault, `aborted` those that came to nothing with it. */
  publishing_status: "submitted" | "failed" | "aborted";
  /** The reason, or the empty text. */
  detail: string;
  /** How far it came. */
  step: PublishingStep;
  /** `metadata.eid`, or the empty text where there is none. */
  eid: string;
  /** Null where none was chosen yet. */
  partition: string | null;
}
