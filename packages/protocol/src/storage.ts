/**
 * Where event types are stored; for operators of the server (protocol 6.5).
 * @pure
 */
export interface Storage {
  /** Not empty, and no other storage's. */
  id: string;
  /** There is no other type. */
  storage_type: "kafka";
  /** Its layout depends on the installation. */
  kafka_configuration: Record<string, unknown>;
  /** Set by the server: whether new event types go there. */
  default?: boolean;
}
