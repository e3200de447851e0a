/**
 * Requests over every endpoint: right, nearly right, and nonsense.
 * @pure
 */
import fc from "fast-check";
import * as body from "./any-body.ts";
import { anyContentType, anyHeaders } from "./any-headers.ts";
import { anyBytesOf } from "./any-json.ts";
import { APPLICATIONS } from "./names.ts";
import type { AnyRequest, RawRequest } from "./request.ts";

/** What a path may name; ids are those of the subscriptions that are there when the request goes out. */
const SUBSCRIPTION_ID = "{subscription}";
const id = fc.oneof(
  { weight: 8, arbitrary: fc.constant(SUBSCRIPTION_ID) },
  { weight: 1, arbitrary: fc.constantFrom("none", "7b7c7100-0559-11e6-a837-0800200c9a66", "%00", "%F0%9F%92%A5") },
);
const name = fc.oneof(
  { weight: 9, arbitrary: body.eventTypeName },
  {
    weight: 1,
    arbitrary: fc.constantFrom("none", "__proto__", "a".repeat(300), "%2e%2e", "%", "%C3", "nakadi.audit.log", "a%2Fb"),
  },
);
const version = fc.constantFrom("latest", "1.0.0", "1.1.0", "x", "1.0", "999999999999.0.0");

interface Endpoint {
  methods: readonly string[];
  path: fc.Arbitrary<string>;
  /** Names of its query's parameters. */
  query?: readonly string[];
  body?: fc.Arbitrary<unknown>;
}

const at = (...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
  fc
    .tuple(...parts.map((part) => (typeof part === "string" ? fc.constant(part) : part)))
    .map((texts) => texts.join(""));

const STREAM = ["batch_limit", "stream_limit", "batch_flush_timeout", "stream_timeout", "stream_keep_alive_limit"];
const SUBSCRIPTION_STREAM = [...STREAM, "max_uncommitted_events", "commit_timeout", "batch_timespan"];

/** Each endpoint with the share of requests that it gets. */
const ENDPOINTS: readonly { weight: number; endpoint: Endpoint }[] = [
  { weight: 4, endpoint: { methods: ["POST"], path: at("/event-types"), body: body.eventTypeBody } },
  { weight: 2, endpoint: { methods: ["GET"], path: at("/event-types"), query: ["writer", "owning_application"] } },
  { weight: 2, endpoint: { methods: ["GET", "DELETE"], path: at("/event-types/", name) } },
  { weight: 4, endpoint: { methods: ["PUT"], path: at("/event-types/", name), body: body.eventTypeBody } },
  { weight: 12, endpoint: { methods: ["POST"], path: at("/event-types/", name, "/events"), body: body.eventsBody } },
  {
    weight: 3,
    endpoint: { methods: ["POST"], path: at("/event-types/", name, "/deleted-events"), body: body.eventsBody },
  },
  { weight: 3, endpoint: { methods: ["GET"], path: at("/event-types/", name, "/events"), query: STREAM } },
  { weight: 2, endpoint: { methods: ["GET"], path: at("/event-types/", name, "/partitions"), query: ["cursors"] } },
  {
    weight: 2,
    endpoint: {
      methods: ["GET"],
      path: at("/event-types/", name, "/partitions/", body.partition),
      query: ["consumed_offset"],
    },
  },
  {
    weight: 1,
    endpoint: { methods: ["PUT"], path: at("/event-types/", name, "/partition-count"), body: body.partitionCountBody },
  },
  {
    weight: 3,
    endpoint: { methods: ["POST"], path: at("/event-types/", name, "/cursor-distances"), body: body.distancesBody },
  },
  {
    weight: 3,
    endpoint: { methods: ["POST"], path: at("/event-types/", name, "/shifted-cursors"), body: body.shiftsBody },
  },
  {
    weight: 3,
    endpoint: { methods: ["POST"], path: at("/event-types/", name, "/cursors-lag"), body: body.cursorsBody },
  },
  {
    weight: 2,
    endpoint: { methods: ["GET"], path: at("/event-types/", name, "/schemas"), query: ["limit", "offset"] },
  },
  {
    weight: 3,
    endpoint: {
      methods: ["POST"],
      path: at("/event-types/", name, "/schemas"),
      query: ["fetch"],
      body: body.schemaBody,
    },
  },
  { weight: 1, endpoint: { methods: ["GET"], path: at("/event-types/", name, "/schemas/", version) } },
  {
    weight: 2,
    endpoint: {
      methods: ["POST"],
      path: at("/event-types/", name, "/schemas/", version, "/compatibility-check"),
      body: body.schemaBody,
    },
  },
  {
    weight: 1,
    endpoint: { methods: ["GET", "POST"], path: at("/event-types/", name, "/timelines"), body: body.timelineBody },
  },
  { weight: 4, endpoint: { methods: ["POST"], path: at("/subscriptions"), body: body.subscriptionBody } },
  {
    weight: 3,
    endpoint: {
      methods: ["GET"],
      path: at("/subscriptions"),
      query: ["owning_application", "event_type", "reader", "limit", "offset", "token", "show_status"],
    },
  },
  { weight: 2, endpoint: { methods: ["GET", "DELETE"], path: at("/subscriptions/", id) } },
  { weight: 2, endpoint: { methods: ["PUT"], path: at("/subscriptions/", id), body: body.subscriptionBody } },
  { weight: 2, endpoint: { methods: ["GET"], path: at("/subscriptions/", id, "/stats"), query: ["show_time_lag"] } },
  {
    weight: 4,
    endpoint: { methods: ["GET", "POST", "PATCH"], path: at("/subscriptions/", id, "/cursors"), body: body.commitBody },
  },
  { weight: 3, endpoint: { methods: ["GET"], path: at("/subscriptions/", id, "/events"), query: SUBSCRIPTION_STREAM } },
  { weight: 3, endpoint: { methods: ["POST"], path: at("/subscriptions/", id, "/events"), body: body.streamBody } },
  { weight: 1, endpoint: { methods: ["GET"], path: at("/settings/blacklist") } },
  {
    weight: 1,
    endpoint: {
      methods: ["PUT", "DELETE"],
      path: at("/settings/blacklist/", fc.constantFrom("CONSUMER_APP", "CONSUMER_ET", "PRODUCER_ET", "x"), "/", name),
    },
  },
  { weight: 1, endpoint: { methods: ["GET", "POST"], path: at("/settings/features"), body: body.featureBody } },
  { weight: 1, endpoint: { methods: ["GET", "POST"], path: at("/settings/admins"), body: body.adminsBody } },
  { weight: 1, endpoint: { methods: ["GET", "POST"], path: at("/storages"), body: body.storageBody } },
  {
    weight: 1,
    endpoint: { methods: ["GET", "DELETE"], path: at("/storages/", fc.constantFrom("default", "s1", "s2", "x")) },
  },
  { weight: 1, endpoint: { methods: ["PUT"], path: at("/storages/default/", fc.constantFrom("default", "s1", "x")) } },
  {
    weight: 2,
    endpoint: {
      methods: ["GET"],
      path: fc.constantFrom(
        "/health",
        "/version",
        "/metrics?pretty=true",
        "/request-metrics",
        "/stream-metrics",
        "/registry/partition-strategies",
        "/registry/enrichment-strategies",
        "/api",
        "/nonsense",
        "//",
        "/event-types//events",
        "/.well-known/schema-discovery",
        "*",
      ),
    },
  },
];

const queryValue = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom("0", "1", "2", "-1", "true", "false", "BEGIN", "0.5", "abc", "", "99999999999999999999"),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "user:a",
      "user",
      "a:b:c",
      APPLICATIONS[0],
      "new",
      "F",
      "[]",
      '[{"partition":"0","offset":"0"}]',
      "[{}]",
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 10 }) },
);

/** In ten requests with parameters nine name some that there are. */
function query(names: readonly string[] = []): fc.Arbitrary<string> {
  const known = names.length === 0 ? fc.constant("x") : fc.constantFrom(...names);
  const name = fc.oneof({ weight: 9, arbitrary: known }, { weight: 1, arbitrary: fc.string({ maxLength: 5 }) });
  const parameter = fc
    .tuple(name, queryValue)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  return fc
    .oneof(
      { weight: names.length === 0 ? 20 : 2, arbitrary: fc.constant("") },
      { weight: 4, arbitrary: fc.array(parameter, { maxLength: 3 }).map((all) => all.join("&")) },
      { weight: 1, arbitrary: fc.constantFrom("&&==", "%", "%zz=1", "a[]=1&a[b]=2", "__proto__=1", "x".repeat(2_000)) },
    )
    .map((text) => (text === "" ? "" : `?${text}`));
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

function requestTo({ methods, path, query: parameters, body: wanted }: Endpoint): fc.Arbitrary<AnyRequest> {
  const method = fc.oneof(
    { weight: 14, arbitrary: fc.constantFrom(...methods) },
    { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
  );
  const bytes =
    wanted === undefined ? fc.option(anyBytesOf(fc.constant({})), { freq: 20, nil: undefined }) : anyBytesOf(wanted);
  return fc
    .record({ method, path, query: query(parameters), headers: anyHeaders, bytes, type: anyContentType })
    .map(({ method, path, query, headers, bytes, type }) => {
      const withBody = bytes !== undefined && (wanted === undefined || method !== "GET");
      return {
        method,
        path: path + query,
        headers: Object.fromEntries([...(withBody ? [["content-type", type]] : []), ...headers]) as Record<
          string,
          string
        >,
        ...(withBody && { body: bytes }),
      };
    });
}

const raw: fc.Arbitrary<RawRequest> = fc
  .oneof(
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
    fc
      .constantFrom(
        "GET / HTTP/1.1\r\n\r\n",
        "GET /event-types HTTP/9.9\r\nHost: x\r\n\r\n",
        "GET http://elsewhere/event-types HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /event-types HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /event-types HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /event-types HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
        `GET /health HTTP/1.1\r\nHost: x\r\n${"A: b\r\n".repeat(3_000)}\r\n`,
        "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET /event-types/\u0000 HTTP/1.1\r\nHost: x\r\n\r\n",
      )
      .map((text) => new TextEncoder().encode(text)),
  )
  .map((bytes) => ({ raw: bytes }));

/** Any request to any endpoint; a few are hardly HTTP. */
export const anyRequest: fc.Arbitrary<AnyRequest | RawRequest> = fc.oneof(
  ...ENDPOINTS.map(({ weight, endpoint }) => ({ weight, arbitrary: requestTo(endpoint) })),
  { weight: 1, arbitrary: raw },
);

/** The request with `id` where a path names a subscription. */
export function withSubscription(request: AnyRequest, id: string): AnyRequest {
  return { ...request, path: request.path.replace(SUBSCRIPTION_ID, id) };
}
