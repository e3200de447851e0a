/** Validity and evolution of Avro schemas (protocol 5.3, 5.4). The library is loaded with the first schema. */
import type { CompatibilityMode } from "nakadi-protocol";
import { ProblemError } from "../../problems.ts";

const MAX_QUOTED = 100;

/** @throws {ProblemError} 422 */
export async function demandAvroSchema(text: string): Promise<void> {
  const { default: avro } = await import("avsc");
  try {
    avro.Type.forSchema(JSON.parse(text) as never);
  } catch {
    throw new ProblemError(422, `failed to parse avro schema ${text.slice(0, MAX_QUOTED)}`);
  }
}

/**
 * `forward`: readers of the old schema can read data of the new one. `compatible`: the reverse holds, too.
 * @param before and `after` are Avro schemas
 * @throws {ProblemError} 422
 */
export async function demandAvroEvolution(mode: CompatibilityMode, before: string, after: string): Promise<void> {
  if (mode === "none") return;
  const { default: avro } = await import("avsc");
  const [old, now] = [before, after].map((text) => avro.Type.forSchema(JSON.parse(text) as never));
  if (old === undefined || now === undefined) return;
  try {
    old.createResolver(now);
    if (mode === "compatible") now.createResolver(old);
  } catch (error) {
    throw new ProblemError(422, `Failed to evolve avro schema due to ${(error as Error).message}`);
  }
}
