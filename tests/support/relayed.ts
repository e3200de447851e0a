/** Passes one request on to a server, and the answer back, as they are. */
import http from "node:http";

export function relayed(request: http.IncomingMessage, response: http.ServerResponse, port: number): void {
  const outgoing = http.request({
    port,
    host: "127.0.0.1",
    agent: false,
    method: request.method,
    path: request.url,
    headers: request.rawHeaders as unknown as http.OutgoingHttpHeaders,
    setHost: false,
  });
  outgoing.on("error", () => response.destroy());
  outgoing.on("response", (answer) => {
    response.sendDate = false;
    response.writeHead(
      answer.statusCode ?? 500,
      answer.statusMessage,
      answer.rawHeaders as unknown as http.OutgoingHttpHeaders,
    );
    response.flushHeaders();
    answer.on("error", () => response.destroy());
    answer.pipe(response);
  });
  response.once("close", () => outgoing.destroy());
  request.pipe(outgoing);
}
