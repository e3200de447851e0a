import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isRefusedPath } from "./path-rules.ts";

describe("a path", () => {
  test.each([
    "/event-types/a.b",
    "/event-types/a..b",
    "/a%20b",
    "/a%7Cb",
    "/%C3%A9",
    "/subscriptions/",
    "/",
    "/a=b&c,d+e@f!",
    "/.a/b.",
  ])("%s is taken", (path) => expect(isRefusedPath(path)).toBe(false));

  test.each([
    "//",
    "/a//b",
    "/a;b",
    "/a\\b",
    "/%2F",
    "/%2f",
    "/%3b",
    "/%3B",
    "/%25",
    "/%5C",
    "/%5c",
    "/%2e",
    "/%2E%2E/a",
  ])("%s is refused", (path) => expect(isRefusedPath(path)).toBe(true));

  test.each([
    "/.",
    "/..",
    "/./a",
    "/../a",
    "/a/.",
    "/a/..",
    "/a/./b",
    "/%zz",
    "/%",
    "/%ff",
    "/%00",
    "/%0a",
    "/%0D",
    "/é",
    "/a b",
  ])("%j is refused", (path) => expect(isRefusedPath(path)).toBe(true));

  test("that is accepted means the same once it is normalized", () => {
    const part = fc.constantFrom("a", ".", "/", "%2e", "%2F", ";", "\\", "%41", "..");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const path = `/${parts.join("")}`;
        if (!isRefusedPath(path)) expect(new URL(path, "http://x").pathname).toBe(path);
      }),
    );
  });
});
