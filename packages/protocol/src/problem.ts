/**
 * Problem objects: every error body of the server (protocol 0.5).
 * @pure
 */
export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail?: string;
}

/** Step that an item of a published batch reached (protocol 4.3). */
export type PublishingStep = "none" | "validating" | "partitioning" | "enriching" | "publishing";

/** The answer for one event of a batch, in the order of the request (protocol 4.3). */
export interface BatchItemResponse {
  publishing_status: "submitted" | "failed" | "aborted";
  /** The reason, or the empty text. */
  detail: string;
  step: PublishingStep;
  /** `metadata.eid`, or the empty text where there is none. */
  eid: string;
  partition: string | null;
}
