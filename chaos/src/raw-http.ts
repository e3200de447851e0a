/** HTTP without a client, so that what the crash harness finds is the broker's. */
import { type Dispatcher, request } from "undici";

export interface Answer {
  status: number;
  /** What JSON there was. */
  json: unknown;
}

export interface RawRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  url: string;
  headers?: Readonly<Record<string, string>>;
  json?: unknown;
}

/** Undefined where there was no answer, or none to its end. */
export async function send(
  dispatcher: Dispatcher,
  { method, url, headers = {}, json }: RawRequest,
): Promise<Answer | undefined> {
  try {
    const response = await request(url, {
      dispatcher,
      method,
      headers: json === undefined ? headers : { "content-type": "application/json", ...headers },
      body: json === undefined ? null : JSON.stringify(json),
    });
    const text = await response.body.text();
    return { status: response.statusCode, json: text === "" ? undefined : JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** @throws {Error} for every answer but 2xx, and for none */
export async function demand<T>(dispatcher: Dispatcher, wanted: RawRequest): Promise<T> {
  const answer = await send(dispatcher, wanted);
  if (answer && answer.status >= 200 && answer.status < 300) return answer.json as T;
  throw new Error(
    `${wanted.method} ${wanted.url}: ${answer ? `${answer.status} ${JSON.stringify(answer.json)}` : "no answer"}`,
  );
}

/** The lines of a stream until it ends or breaks. */
export async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const chunk of body) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield rest.subarray(0, end).toString();
      rest = rest.subarray(end + 1);
    }
  }
}
