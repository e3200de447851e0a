/**
 * Schemas of event types, and their versions (protocol 5.3 to 5.6).
 * @pure
 */
/** Which changes of the schema are allowed (protocol 5.4). */
export type CompatibilityMode = "compatible" | "forward" | "none";

export interface Schema {
  /** From JSON to Avro is a way without return. */
  type: "json_schema" | "avro_schema";
  /** A JSON document inside a string; stored and returned as it is. Any change of the text makes a new version. */
  schema: string;
  /** Set by the server: `major.minor.patch`, at first `1.0.0`. */
  version?: string;
  /** Set by the server. */
  created_at?: string;
}

/** Whether a schema could follow on another (protocol 5.6). */
export interface SchemaCompatibility {
  compatible: boolean;
  /** That of the event type, by whose rules it was judged. */
  compatibility_mode: CompatibilityMode;
  /** `major.minor.patch`. */
  validated_against_version: string;
  /** What is in the way, where something is. */
  error?: string;
}
