/** Requests that read or change a resource: JSON in, JSON out, tried again where that is safe. */
import { ConstantBackoff, handleWhen, retry } from "cockatiel";
import { MediaType } from "nakadi-protocol";
import { NakadiError, ProtocolError } from "../errors/nakadi-error.ts";
import type { HttpCall, HttpPipeline } from "../transport/http-pipeline.ts";

/** Two more tries, a moment apart: whoever administers waits for the answer. */
const POLICY = retry(
  handleWhen((error) => NakadiError.is(error) && error.retryable && error.code !== "NO_FREE_SLOT"),
  { maxAttempts: 2, backoff: new ConstantBackoff(200) },
);

export interface CallOptions {
  signal?: AbortSignal;
}

export class JsonApi {
  readonly #pipeline: HttpPipeline;

  constructor(pipeline: HttpPipeline) {
    this.#pipeline = pipeline;
  }

  /** A GET, tried again after transient failures. @throws {HttpError}, {TransportError}, {TimeoutError}, {ProtocolError} */
  async get<T>(path: string, { signal }: CallOptions = {}): Promise<T> {
    const call: HttpCall = { method: "GET", path, headers: { accept: MediaType.json } };
    return POLICY.execute(async () => parsed<T>(call, (await this.#pipeline.request(call, signal)).body));
  }

  /** A request that changes something: sent once. The answer's body is read as JSON where there is one. */
  async send<T>(
    method: HttpCall["method"],
    path: string,
    json: unknown,
    { signal }: CallOptions = {},
  ): Promise<{ status: number; body: T | undefined }> {
    const call: HttpCall = {
      method,
      path,
      headers: { accept: MediaType.json },
      ...(json === undefined ? {} : { json }),
    };
    const { status, body } = await this.#pipeline.request(call, signal);
    return { status, body: body.length === 0 ? undefined : parsed<T>(call, body) };
  }
}

function parsed<T>({ method, path }: HttpCall, body: Uint8Array): T {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as T;
  } catch (cause) {
    throw new ProtocolError("the answer is not JSON", { request: `${method} ${path}`, cause });
  }
}
