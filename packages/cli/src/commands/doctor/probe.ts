/** One bare request, without the client in between: what it does with failures is not wanted here. */
import http from "node:http";
import https from "node:https";

export interface Probed {
  status: number;
  date: string | undefined;
}

/** @throws the system's error, one that says that there was no answer in time, or one that the signal has caused */
export function probe(url: string, signal: AbortSignal, timeoutMs: number): Promise<Probed> {
  const { get } = url.startsWith("https:") ? https : http;
  return new Promise((resolve, reject) => {
    const request = get(url, { signal, agent: false }, (response) => {
      response.on("error", reject).on("end", () => {
        resolve({ status: response.statusCode ?? 0, date: response.headers.date });
      });
      response.resume();
    });
    const late = (): void => void request.destroy(new Error(`no answer within ${timeoutMs / 1_000} s`));
    const timer = setTimeout(late, timeoutMs);
    request.on("error", reject).on("close", () => clearTimeout(timer));
  });
}
