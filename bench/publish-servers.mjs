// The broker and the bare route, in one process, so that both have the same processor to themselves.
import Fastify from "fastify";
import { startBroker } from "nakadi-broker";
import { createEventType } from "./event-type.mjs";

const app = Fastify();
app.removeAllContentTypeParsers();
app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
app.post("/event-types/bench/events", (_request, reply) => reply.code(200).send());
const bare = await app.listen({ host: "127.0.0.1", port: 0 });

const broker = await startBroker();
await createEventType(broker.url);
process.send({ broker: broker.url, bare });
