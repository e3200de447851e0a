import { expect, test } from "vitest";
import { consumerTag } from "./consumer-tag.ts";

const ID = "c4ea0e47-2a9c-4c0d-8a7d-0a0f5a4bd8aa";

test("there is none without the header", () => {
  expect(consumerTag(undefined)).toBeUndefined();
});

test.each([
  `consumer_subscription_id=${ID}`,
  `CONSUMER_Subscription_ID = ${ID.toUpperCase()}`,
  `  consumer_subscription_id=\t${ID} `,
])("%j names the subscription", (header) => {
  expect(consumerTag(header)).toBe(ID);
});

test.each([
  ["", "X-CONSUMER-TAG: is empty!"],
  ["  ", "X-CONSUMER-TAG: is empty!"],
  ["consumer_subscription_id", "header tag parameter is imbalanced, expected: 2 but provided 1"],
  ["consumer_subscription_id=", "header tag parameter is imbalanced, expected: 2 but provided 1"],
  [`a=b=c,consumer_subscription_id=${ID}`, "header tag parameter is imbalanced, expected: 2 but provided 2"],
  [`flavour=${ID}`, "invalid header tag: flavour"],
  [`consumer_subscription_id=${ID},consumer_subscription_id=${ID}`, "duplicate header tag: CONSUMER_SUBSCRIPTION_ID"],
  ["consumer_subscription_id=x", "header tag value: x is not an UUID"],
  ["debug_publisher_topic_id=1", "header tag unsupported: debug_publisher_topic_id"],
])("%j is refused: %s", (header, detail) => {
  expect(() => consumerTag(header)).toThrow(expect.objectContaining({ status: 422, message: detail }));
});
