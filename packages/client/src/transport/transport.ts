/**
 * The port to the network: two methods. The rest of the package depends on it alone, so a test can replace the network.
 * @pure
 */
export interface TransportRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Encoded path and query, appended to the base URL's path; begins with a slash. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: Uint8Array | string;
  /** Set for commits: they skip the queue for a connection, because a stream ends when its commits are late. */
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
  /** Milliseconds until the whole response must have arrived. */
  timeoutMs: number;
  /** Bytes of the response at most. */
  maxBytes: number;
}

/** Receives the chunks of a stream, then exactly one of `ended` and `failed`; nothing after `close`. */
export interface StreamListener {
  /** The bytes belong to the listener. */
  chunk(bytes: Uint8Array): void;
  /** The response is complete. */
  ended(): void;
  failed(error: unknown): void;
}

export interface StreamResponse extends ResponseHead {
  /** Starts to deliver. The body of a response with another status than 200 is delivered in the same way. */
  read(listener: StreamListener): void;
  /** Stops reading from the socket; chunks that were already read may still be delivered. */
  pause(): void;
  resume(): void;
  /** Drops the connection at once. Idempotent. */
  close(): void;
}

/** The program closes a transport that it passes to a client; a client closes only the transport that it created. */
export interface Transport {
  /**
   * Sends a request and waits for the whole response, with any status. Redirects are not followed.
   * @throws TransportError, TimeoutError or ProtocolError; an abort rejects with the signal's reason
   */
  request(request: TransportRequest, limits: RequestLimits, signal?: AbortSignal): Promise<BufferedResponse>;
  /**
   * Sends a request and waits for the head of the response.
   * @param headTimeoutMs milliseconds until the head must have arrived
   * @throws as `request`
   */
  openStream(request: TransportRequest, headTimeoutMs: number, signal?: AbortSignal): Promise<StreamResponse>;
}
