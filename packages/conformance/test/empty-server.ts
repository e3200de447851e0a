/** A server that answers everything with 204, and remembers what it was asked. It ends with the test. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface EmptyServer {
  baseUrl: string;
  requests: { method: string | undefined; url: string | undefined; headers: http.IncomingHttpHeaders }[];
}

export async function emptyServer(): Promise<EmptyServer> {
  const requests: EmptyServer["requests"] = [];
  const server = http.createServer(({ method, url, headers }, response) => {
    requests.push({ method, url, headers });
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}
