// Sends the same line again and again, as fast as the client takes it, then stays open.
import { once } from "node:events";
import { createServer } from "node:http";

const lines = Number(process.argv[2]);
const EVENTS_PER_LINE = 10;
const LINES_PER_WRITE = 16;
const event = JSON.stringify({ metadata: { eid: "7b7c7100-0559-11e6-a837-0800200c9a66" }, text: "x".repeat(780) });
const cursor = `{"partition":"0","offset":"001-0001-000000000000000025","event_type":"bench","cursor_token":"t"}`;
const line = `{"cursor":${cursor},"events":[${Array(EVENTS_PER_LINE).fill(event).join(",")}]}\n`;
const block = Buffer.from(line.repeat(LINES_PER_WRITE));

const server = createServer((_request, response) => void feed(response));

async function feed(response) {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  response.writeHead(200, {
    "content-type": "application/x-json-stream",
    "x-nakadi-streamid": "7b7c7100-0559-11e6-a837-0800200c9a66",
  });
  for (let sent = 0; sent < lines && !response.destroyed; sent += LINES_PER_WRITE) {
    if (!response.write(block)) await once(response, "drain", { signal: gone.signal }).catch(() => undefined);
  }
}

server.listen(0, "127.0.0.1", () => {
  process.send({ url: `http://127.0.0.1:${server.address().port}`, eventsPerLine: EVENTS_PER_LINE, lines });
});
