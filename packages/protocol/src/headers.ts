/**
 * Header names of the protocol, in lower case as Node hands them out (protocol 0.2).
 * @pure
 */
export const Header = {
  streamId: "x-nakadi-streamid",
  flowId: "x-flow-id",
  cursors: "x-nakadi-cursors",
  consumerTag: "x-consumer-tag",
  contentType: "content-type",
  contentEncoding: "content-encoding",
  acceptEncoding: "accept-encoding",
  authorization: "authorization",
  retryAfter: "retry-after",
} as const;

/** Media types exactly as the server writes them: none carries a charset but health's (protocol 0.3). */
export const MediaType = {
  json: "application/json",
  problem: "application/problem+json",
  stream: "application/x-json-stream",
  avro: "application/avro-binary",
  health: "text/plain;charset=iso-8859-1",
} as const;
