/**
 * The seam to the network: two methods. Everything else in this package is written against it, so a test can be a transport.
 * @pure
 */
export interface TransportRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query behind the base URL's own path, beginning with a slash, already encoded. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: Uint8Array | string;
  /** A commit: where connections are scarce it waits behind no other request, for a stream ends without it. */
  urgent?: true;
  /**
   * Called with `true` while the request waits for a connection and no byte of it can have left, with `false` from when some
   * may have. A request of a transport that never calls it counts as sent.
   */
  onWaiting?: (isWaiting: boolean) => void;
}

export interface ResponseHead {
  status: number;
  /** Names in lower case; several values of one name are joined by `, `. */
  headers: Readonly<Record<string, string>>;
}

export interface BufferedResponse extends ResponseHead {
  body: Uint8Array;
}

export interface RequestLimits {
  /** Milliseconds until the whole answer must be there. */
  timeoutMs: number;
  /** Bytes of the answer at most. */
  maxBytes: number;
}

/** Told what arrives on a stream: chunks, then exactly one of `ended` and `failed`; nothing after `close`. */
export interface StreamListener {
  /** The bytes belong to the listener. */
  chunk(bytes: Uint8Array): void;
  /** The answer ended as it should. */
  ended(): void;
  failed(error: unknown): void;
}

export interface StreamResponse extends ResponseHead {
  /** Starts to deliver. An answer that is no stream (any status but 200) is delivered the same way. */
  read(listener: StreamListener): void;
  /** Stops reading from the socket; chunks that were already read may still come. */
  pause(): void;
  resume(): void;
  /** Drops the connection at once. Idempotent. */
  close(): void;
}

/** Whoever makes a transport closes it: a client closes only its own. */
export interface Transport {
  /**
   * Sends a request and waits for all of its answer, whatever the status. Redirects are not followed.
   * @throws TransportError, TimeoutError or ProtocolError; an abort rejects with the signal's reason
   */
  request(request: TransportRequest, limits: RequestLimits, signal?: AbortSignal): Promise<BufferedResponse>;
  /**
   * Sends a request and waits for the head of its answer.
   * @param headTimeoutMs milliseconds until the head must be there
   * @throws as `request`
   */
  openStream(request: TransportRequest, headTimeoutMs: number, signal?: AbortSignal): Promise<StreamResponse>;
}
