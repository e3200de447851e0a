/**
 * Event types that come and go while the broker is killed: each is created, gets events and is deleted. What the broker has
 * acknowledged of that holds for good.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import type { Random } from "../random.ts";
import { send } from "../raw-http.ts";

/** Limit of the event types that exist at once. */
const ALIVE = 6;
const PAUSE_MS = 10;

/** @returns what was found, one sentence each */
export async function churn(
  broker: { readonly url: string; readonly up: Promise<void> },
  random: Random,
  stopping: AbortSignal,
): Promise<readonly string[]> {
  const dispatcher = new Agent();
  const found: string[] = [];
  const alive: string[] = [];
  const deleted: string[] = [];
  const ask = async (method: "GET" | "POST" | "DELETE", path: string, json?: unknown): Promise<number | undefined> => {
    await broker.up;
    const answer = await send(dispatcher, { method, url: broker.url + path, ...(json === undefined ? {} : { json }) });
    return answer?.status;
  };
  const expectStatus = async (status: number, name: string | undefined, what: string): Promise<void> => {
    if (name === undefined) return;
    const seen = await ask("GET", `/event-types/${name}`);
    if (seen !== undefined && seen < 500 && seen !== status)
      found.push(`${name} ${what}, and is answered with ${seen}`);
  };
  for (let number = 1; !stopping.aborted; number += 1) {
    const name = `churn.${number}`;
    const definition = {
      name,
      owning_application: "crash",
      category: "undefined",
      schema: { type: "json_schema", schema: "{}" },
      ...(random.chance(0.5) ? { cleanup_policy: "compact", category: "business" } : {}),
    };
    if ((await ask("POST", "/event-types", definition)) === 201) alive.push(name);
    for (let batch = random.between(0, 3); batch > 0; batch -= 1) {
      const events = Array.from({ length: random.between(1, 20) }, (_, n) => {
        const metadata = {
          eid: crypto.randomUUID(),
          occurred_at: new Date(0).toISOString(),
          partition_compaction_key: String(n % 3),
        };
        return { n, metadata, pad: "x".repeat(random.between(0, 2_000)) };
      });
      await ask("POST", `/event-types/${name}/events`, events);
    }
    if (alive.length > ALIVE) {
      const [oldest = ""] = alive.splice(0, 1);
      if ((await ask("DELETE", `/event-types/${oldest}`)) === 200) deleted.push(oldest);
    }
    await expectStatus(200, alive[random.between(0, alive.length - 1)], "was created");
    await expectStatus(404, deleted[random.between(0, deleted.length - 1)], "was deleted");
    await sleep(random.between(0, PAUSE_MS));
  }
  await dispatcher.close();
  return found;
}
