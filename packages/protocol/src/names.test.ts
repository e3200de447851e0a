import { expect, it } from "vitest";
import { isEventTypeName, isUuid } from "./names.ts";

it.each([
  ["order.created", true],
  ["a", true],
  ["a-b_c.0d", true],
  [`a${"b".repeat(254)}`, true],
  [`a${"b".repeat(255)}`, false],
  ["", false],
  ["0a", false],
  ["a..b", false],
  ["a.", false],
  ["a.-b", false],
  ["a b", false],
  ["ä", false],
])("an event type may be called %s: %s", (name, allowed) => {
  expect(isEventTypeName(name)).toBe(allowed);
});

it.each([
  ["7b7c7100-0559-11e6-a837-0800200c9a66", true],
  ["7B7C7100-0559-11E6-A837-0800200C9A66", true],
  ["7b7c7100055911e6a8370800200c9a66", false],
  ["", false],
  [" 7b7c7100-0559-11e6-a837-0800200c9a66", false],
])("%s is a UUID: %s", (text, is) => {
  expect(isUuid(text)).toBe(is);
});
