/**
 * One thing that was looked at.
 * @pure
 */
export interface Finding {
  what: string;
  verdict: "good" | "doubtful" | "bad";
  says: string;
  /** What to do, where there is something to do. */
  todo?: string;
}
