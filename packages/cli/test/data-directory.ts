/** A broker whose data directory has an event. */
import { join } from "node:path";
import { type Broker, startBroker } from "nakadi-broker";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "./run-command.ts";

/** It ends with the test at the latest. */
export async function brokerWithEvent(): Promise<{ broker: Broker; directory: string }> {
  const directory = join(temporaryDirectory(), "data");
  const broker = await startBroker({ storage: { directory } });
  onTestFinished(() => broker.close());
  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(broker.url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const schema = { type: "json_schema", schema: "{}" };
  await post("/event-types", { name: "e", owning_application: "a", category: "undefined", schema });
  await post("/event-types/e/events", [{ n: 1 }]);
  return { broker, directory };
}
