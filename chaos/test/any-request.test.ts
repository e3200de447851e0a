/** Whatever is asked, the broker answers what it may, and goes on. `npm run soak` asks a million times. */
import { startBroker } from "nakadi-broker";
import { expect, it, onTestFinished } from "vitest";
import { barrage } from "../src/requests/barrage.ts";
import { faultOf } from "../src/requests/judge.ts";

const REQUESTS = 10_000;
const SEED = 20_260_101;

it("10,000 requests of any kind are all answered, none with a failure of the server", async () => {
  const errors: unknown[] = [];
  const log = (error: object, message: string): void => void errors.push([message, error]);
  const logger = { debug: () => undefined, info: () => undefined, warn: log, error: log };
  const broker = await startBroker({ logger, limits: { maxCommitTimeoutSeconds: 1 } });
  onTestFinished(() => broker.close());
  const { sent, statuses, faults } = await barrage({ url: broker.url, requests: REQUESTS, seed: SEED });
  expect(faults, `seed ${SEED}`).toEqual([]);
  expect(errors).toEqual([]);
  expect(sent).toBe(REQUESTS);
  // The requests get everywhere: each answer that the protocol knows comes up.
  for (const status of [200, 201, 204, 400, 403, 404, 405, 406, 409, 412, 415, 422])
    expect(statuses.get(status)).toBeGreaterThan(0);
}, 120_000);

it.each<[name: string, answer: { status: number; type?: string; body: string; headers?: object }]>([
  ["a 500", { status: 500, type: "application/problem+json", body: '{"title":"x","status":500,"detail":"x"}' }],
  ["a charset", { status: 200, type: "application/json; charset=utf-8", body: "{}" }],
  ["no JSON", { status: 200, type: "application/json", body: "{" }],
  ["another status inside", { status: 404, type: "application/problem+json", body: '{"title":"x","status":400}' }],
  ["a 404 without a body", { status: 404, body: "" }],
  ["an empty answer without a length", { status: 200, body: "" }],
  ["no flow id", { status: 200, body: "", headers: { "content-length": "0" } }],
])("the judge sees %s", (_, { status, type, body, headers = { "x-flow-id": "x" } }) => {
  const answer = { status, headers: { ...headers, "content-type": type }, body: Buffer.from(body), isStream: false };
  expect(faultOf({ method: "GET", path: "/", headers: {} }, answer)).toBeDefined();
});
