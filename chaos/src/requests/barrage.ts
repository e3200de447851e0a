/** Sends any number of any requests to a broker, several at once, and judges each answer. */
import http from "node:http";
import net from "node:net";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { anyRequest, withSubscription } from "./any-request.ts";
import { faultOf } from "./judge.ts";
import { DEFINITIONS, SUBSCRIPTIONS } from "./names.ts";
import { type AnyAnswer, type AnyRequest, asText, type RawRequest } from "./request.ts";

export interface BarrageOptions {
  /** Of the broker. */
  url: string;
  requests: number;
  /** Decides every request. */
  seed: number;
  /** Requests on their way at once. Default 8. */
  atOnce?: number;
  /** No answer may take longer. Default 20 000. */
  hangMs?: number;
  /** Told after each round. */
  onRound?: (sent: number, faults: readonly string[]) => void;
}

export interface BarrageReport {
  sent: number;
  /** How often each status was answered; 0 stands for a connection that was closed on hardly any HTTP. */
  statuses: ReadonlyMap<number, number>;
  /** What went wrong, with the request that did it. */
  faults: readonly string[];
}

/** Number of requests after which the settings are reset, so that one request cannot make all later ones fail. */
const ROUND = 500;
const MAX_FAULTS = 50;

export async function barrage(options: BarrageOptions): Promise<BarrageReport> {
  const { url, requests, seed, atOnce = 8, hangMs = 20_000, onRound } = options;
  const agent = new http.Agent({ keepAlive: true, maxSockets: atOnce });
  const statuses = new Map<number, number>();
  const faults: string[] = [];
  let sent = 0;
  try {
    while (sent < requests && faults.length < MAX_FAULTS) {
      const ids = await prepared(url, agent);
      const round = fc.sample(anyRequest, { numRuns: Math.min(ROUND, requests - sent), seed: seed + sent });
      const waiting = round.entries();
      await Promise.all(
        Array.from({ length: atOnce }, async () => {
          for (const [index, one] of waiting) {
            const request = "raw" in one ? one : withSubscription(one, ids[index % ids.length] ?? "none");
            const { status, fault } = await outcomeOf(url, agent, request, hangMs);
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
            if (fault !== undefined) faults.push(`${asText(request)}\n  ${fault}`);
          }
        }),
      );
      sent += round.length;
      onRound?.(sent, faults);
    }
    return { sent, statuses, faults };
  } finally {
    agent.destroy();
  }
}

async function outcomeOf(
  url: string,
  agent: http.Agent,
  request: AnyRequest | RawRequest,
  hangMs: number,
): Promise<{ status: number; fault: string | undefined }> {
  const signal = AbortSignal.timeout(hangMs);
  try {
    if ("raw" in request) return await rawOutcome(url, request, signal);
    const answer = await answerTo(url, agent, request, signal);
    return { status: answer.status, fault: faultOf(request, answer) };
  } catch (error) {
    const what = signal.aborted ? `no answer within ${hangMs} ms` : String(error);
    return { status: 0, fault: what };
  }
}

/** Everything that requests may have removed, blocked or switched is as it was; answers the ids of the subscriptions. */
async function prepared(url: string, agent: http.Agent): Promise<string[]> {
  const ask = async (method: string, path: string, json?: object): Promise<AnyAnswer> => {
    const body = json === undefined ? {} : { body: Buffer.from(JSON.stringify(json)) };
    const headers: Record<string, string> = json === undefined ? {} : { "content-type": "application/json" };
    return answerTo(url, agent, { method, path, headers, ...body }, AbortSignal.timeout(20_000));
  };
  const read = async <T>(path: string): Promise<T> =>
    JSON.parse(Buffer.from((await ask("GET", path)).body).toString()) as T;
  type Lists = Record<"event_types" | "apps", string[]>;
  const { consumers, producers } = await read<{ consumers: Lists; producers: Lists }>("/settings/blacklist");
  const blocked = [
    ...consumers.event_types.map((name) => `CONSUMER_ET/${encodeURIComponent(name)}`),
    ...consumers.apps.map((name) => `CONSUMER_APP/${encodeURIComponent(name)}`),
    ...producers.event_types.map((name) => `PRODUCER_ET/${encodeURIComponent(name)}`),
    ...producers.apps.map((name) => `PRODUCER_APP/${encodeURIComponent(name)}`),
  ];
  for (const entry of blocked) await ask("DELETE", `/settings/blacklist/${entry}`);
  const features = await read<{ items: { feature: string; enabled: boolean }[] }>("/settings/features");
  for (const { feature, enabled } of features.items)
    if (enabled) await ask("POST", "/settings/features", { feature, enabled: false });
  for (const definition of DEFINITIONS) await ask("POST", "/event-types", definition);
  for (const subscription of SUBSCRIPTIONS) await ask("POST", "/subscriptions", subscription);
  return (await read<{ items: { id: string }[] }>("/subscriptions?limit=50")).items.map(({ id }) => id);
}

function answerTo(url: string, agent: http.Agent, request: AnyRequest, signal: AbortSignal): Promise<AnyAnswer> {
  const { hostname, port } = new URL(url);
  const { method, path, headers, body } = request;
  const length = body === undefined ? {} : { "content-length": String(body.length) };
  return new Promise((resolve, reject) => {
    const outgoing = http.request({
      agent,
      hostname,
      port,
      method,
      path,
      headers: { ...latin1(headers), ...length },
      signal,
    });
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      const { statusCode: status = 0, headers } = response;
      const chunks: Buffer[] = [];
      const isStream = headers["content-type"] === "application/x-json-stream";
      const answer = (): AnyAnswer => ({ status, headers, body: bodyOf(headers, chunks), isStream });
      if (isStream) {
        resolve(answer());
        response.on("error", () => undefined).destroy();
        return;
      }
      response
        .on("data", (chunk: Buffer) => chunks.push(chunk))
        .on("end", () => resolve(answer()))
        .on("error", reject);
    });
    outgoing.end(body);
  });
}

function bodyOf({ "content-encoding": encoding }: http.IncomingHttpHeaders, chunks: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(chunks);
  return encoding === "gzip" && bytes.length > 0 ? gunzipSync(bytes) : bytes;
}

/** Header values as the bytes of their UTF-8. */
function latin1(headers: AnyRequest["headers"]): Record<string, string> {
  const encoded = Object.entries(headers).map(([name, value]) => [name, Buffer.from(value).toString("latin1")]);
  return Object.fromEntries(encoded) as Record<string, string>;
}

/** Answered with anything, or closed. What waits for more is left alone. */
async function rawOutcome(
  url: string,
  { raw }: RawRequest,
  signal: AbortSignal,
): Promise<{ status: number; fault: undefined }> {
  const { hostname, port } = new URL(url);
  const text = await new Promise<string>((resolve, reject) => {
    const socket = net.connect(Number(port), hostname);
    const done = (answer: string): void => {
      socket.destroy();
      resolve(answer);
    };
    signal.addEventListener("abort", () => reject(new Error("neither answered nor closed")), { once: true });
    socket.once("data", (chunk) => done(chunk.toString("latin1")));
    socket.on("error", () => done("")).on("close", () => done(""));
    // The end of the request makes a broker that waits for more of it answer or close.
    socket.end(raw);
  });
  return { status: Number(/^HTTP\/1\.1 ([0-9]{3})/.exec(text)?.[1] ?? 0), fault: undefined };
}
