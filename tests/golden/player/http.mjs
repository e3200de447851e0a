// One HTTP exchange at a time on a connection of its own, and streams of JSON lines that are read in the background.
// Plain node:http, so that every header and every odd path goes out exactly as the scenario writes it.
import http from "node:http";
import https from "node:https";
import { gzipSync, createGunzip, constants } from "node:zlib";

// Clients keep connections alive, and a server may answer differently when they do not; yet none is used twice here, so
// that an answer never depends on what went before it.
const agents = new Map([http, https].map((kind) => [kind, new kind.Agent({ keepAlive: true, maxFreeSockets: 0 })]));

/** Sends a request; resolves with the response as soon as its headers are there (the body is still to be read). */
export function send(baseUrl, request, timeoutMs) {
  const base = new URL(baseUrl);
  const { body, headers } = encode(request);
  const kind = base.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const outgoing = kind.request({
      hostname: base.hostname,
      port: base.port,
      agent: agents.get(kind),
      method: request.method,
      path: base.pathname.replace(/\/$/, "") + request.path,
      headers,
    });
    const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    outgoing.on("response", (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    outgoing.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    outgoing.end(body);
  });
}

function encode({ json, text, gzip, headers = {} }) {
  if (json === undefined && text === undefined) return { headers };
  const plain = Buffer.from(json === undefined ? text : JSON.stringify(json));
  const body = gzip ? gzipSync(plain) : plain;
  const named = Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
  const type = json === undefined || named ? {} : { "content-type": "application/json" };
  return { body, headers: { ...type, ...headers, "content-length": body.length } };
}

function decoded(response) {
  if (response.headers["content-encoding"] !== "gzip") return response;
  const gunzip = createGunzip({ flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH });
  response.on("error", (error) => gunzip.destroy(error));
  return response.pipe(gunzip);
}

/** The whole body as text. */
export function bodyOf(response, timeoutMs) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    const timer = setTimeout(
      () => response.destroy(new Error(`the body did not end within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    const finish = (act, value) => {
      clearTimeout(timer);
      act(value);
    };
    response.on("error", (error) => finish(reject, error));
    decoded(response)
      .on("data", (chunk) => chunks.push(chunk))
      .on("end", () => finish(resolve, Buffer.concat(chunks).toString()))
      .on("error", (error) => finish(reject, error));
  });
}

/** A response that keeps delivering lines. */
export class LineStream {
  #lines = [];
  #ending; // "clean" (regular end of the body) or "abrupt" (connection lost)
  #wake = () => {};
  #response;

  constructor(response) {
    this.#response = response;
    let rest = "";
    const take = (chunk) => {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop();
      for (const text of parts) this.#lines.push(parse(text));
      this.#wake();
    };
    const finish = (ending) => {
      if (this.#ending) return;
      if (rest) this.#lines.push({ text: rest, json: { "a line without a newline at its end": rest } });
      this.#ending = ending;
      this.#wake();
    };
    response.on("error", () => finish("abrupt"));
    decoded(response)
      .setEncoding("utf8")
      .on("data", take)
      .on("end", () => finish("clean"))
      .on("error", () => finish("abrupt"));
  }

  /** The next line {text, json, keepAlive}, or {ending}, or {timedOut}. */
  async next(deadline) {
    while (this.#lines.length === 0) {
      if (this.#ending) return { ending: this.#ending };
      const left = deadline - Date.now();
      if (left <= 0) return { timedOut: true };
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#lines.shift();
  }

  close() {
    this.#response.destroy();
  }
}

function parse(text) {
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = { "a line that is not JSON": text };
  }
  return { text, json, keepAlive: Object.keys(json ?? {}).join() === "cursor" };
}
