// The broker and the bare route, in one process, so that both have the same processor to themselves.
import Fastify from "fastify";
import { startBroker } from "nakadi-broker";

const app = Fastify();
app.removeAllContentTypeParsers();
app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
app.post("/events", (_request, reply) => reply.code(200).send());
const bare = await app.listen({ host: "127.0.0.1", port: 0 });

const broker = await startBroker();
const created = await fetch(`${broker.url}/event-types`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    name: "bench",
    owning_application: "bench",
    category: "undefined",
    schema: { type: "json_schema", schema: JSON.stringify({ type: "object", properties: { n: { type: "integer" } } }) },
    default_statistic: { messages_per_minute: 1, message_size: 1, read_parallelism: 8, write_parallelism: 8 },
  }),
});
if (created.status !== 201) throw new Error(`creating the event type: ${created.status}`);
process.send({ broker: broker.url, bare });
