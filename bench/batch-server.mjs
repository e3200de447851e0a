// Sends one batch of the given number of megabytes, then stays open; commits are taken.
import { createServer } from "node:http";

const megabytes = Number(process.argv[2]);
const EVENT_BYTES = 1_000;
const filler = "x".repeat(EVENT_BYTES - 100);
const event = JSON.stringify({ metadata: { eid: "7b7c7100-0559-11e6-a837-0800200c9a66" }, tags: ["a"], text: filler });
const cursor = `{"partition":"0","offset":"001-0001-000000000000000025","event_type":"bench","cursor_token":"t"}`;
const count = Math.ceil((megabytes * 1_000_000) / event.length);
const line = Buffer.from(`{"cursor":${cursor},"events":[${Array(count).fill(event).join(",")}]}\n`);

const server = createServer((request, response) => {
  request.resume();
  if (!request.url.endsWith("/events")) {
    response.writeHead(204).end();
    return;
  }
  response.writeHead(200, {
    "content-type": "application/x-json-stream",
    "x-nakadi-streamid": "7b7c7100-0559-11e6-a837-0800200c9a66",
  });
  response.write(line);
});

server.listen(0, "127.0.0.1", () => {
  process.send({ url: `http://127.0.0.1:${server.address().port}`, bytes: line.length });
});
