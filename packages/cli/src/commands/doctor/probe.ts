/** One bare request, without the client in between: what it does with failures is not wanted here. */
import http from "node:http";
import https from "node:https";

export interface Probed {
  status: number;
  date: string | undefined;
}

/** @throws the system's error, or the signal's reason */
export function probe(url: string, signal: AbortSignal): Promise<Probed> {
  const { get } = url.startsWith("https:") ? https : http;
  return new Promise((resolve, reject) => {
    const request = get(url, { signal, agent: false }, (response) => {
      response.on("error", reject).on("end", () => {
        resolve({ status: response.statusCode ?? 0, date: response.headers.date });
      });
      response.resume();
    });
    request.on("error", reject);
  });
}
