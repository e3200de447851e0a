/** One request of a barrage, and what came back. */
export interface AnyRequest {
  method: string;
  /** With the query, as it goes out. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: Uint8Array;
}

/** Bytes that are hardly HTTP at all. */
export interface RawRequest {
  raw: Uint8Array;
}

export interface AnyAnswer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As far as it was read: streams are left after their head. */
  body: Uint8Array;
  isStream: boolean;
}

/** A request as text, complete enough to repeat it. */
export function asText(request: AnyRequest | RawRequest): string {
  if ("raw" in request) return `raw ${JSON.stringify(Buffer.from(request.raw).toString("latin1"))}`;
  const { method, path, headers, body } = request;
  const bytes = body === undefined ? "" : ` ${JSON.stringify(Buffer.from(body).toString("latin1"))}`;
  return `${method} ${path} ${JSON.stringify(headers)}${bytes}`;
}
