import { describe, expect, it } from "vitest";
import { resolveConnection } from "./connection.ts";

const CONFIG = {
  current: "live",
  contexts: { live: { url: "https://live.example", token: { file: "/live" } }, test: { url: "http://test.example" } },
};

describe("which server, and with which token", () => {
  it("flags beat environment, environment beats context, context beats the default", () => {
    const env = { NAKADI_URL: "http://env.example" };
    expect(resolveConnection({ url: "http://flag.example" }, env, CONFIG).url.value).toBe("http://flag.example");
    expect(resolveConnection({}, env, CONFIG).url.value).toBe("http://env.example");
    expect(resolveConnection({}, {}, CONFIG).url).toEqual({ value: "https://live.example", source: "context live" });
    expect(resolveConnection({}, {}, { contexts: {} }).url).toEqual({
      value: "http://localhost:8080",
      source: "default",
    });
  });

  it("a context is named by flag, then environment, then `use`", () => {
    expect(resolveConnection({ context: "test" }, { NAKADI_CONTEXT: "live" }, CONFIG).url.value).toBe(
      "http://test.example",
    );
    expect(resolveConnection({}, { NAKADI_CONTEXT: "test" }, CONFIG).context?.source).toBe("NAKADI_CONTEXT");
  });

  it("tokens: flags beat environment, environment beats context", () => {
    const env = { NAKADI_TOKEN: "secret", NAKADI_TOKEN_FILE: "/env" };
    expect(resolveConnection({ tokenFile: "/flag" }, env, CONFIG).token?.value).toEqual({ file: "/flag" });
    expect(resolveConnection({}, env, CONFIG).token?.value).toEqual({ env: "NAKADI_TOKEN" });
    expect(resolveConnection({}, { NAKADI_TOKEN_FILE: "/env" }, CONFIG).token?.value).toEqual({ file: "/env" });
    expect(resolveConnection({}, {}, CONFIG).token?.value).toEqual({ file: "/live" });
  });

  it("a context's token is never sent to another server", () => {
    expect(resolveConnection({ url: "http://other.example" }, {}, CONFIG).token).toBeUndefined();
    expect(resolveConnection({}, { NAKADI_URL: "http://other.example" }, CONFIG).token).toBeUndefined();
    expect(resolveConnection({ url: "https://live.example" }, {}, CONFIG).token?.value).toEqual({ file: "/live" });
  });

  it.each(["localhost:8080", "ftp://x", "http://u:p@x", "http://x?q=1", "http://x/#y", "", "nonsense"])(
    "refuses the address %j",
    (url) => {
      expect(() => resolveConnection({ url }, {}, CONFIG)).toThrow("looks like http://localhost:8080");
    },
  );

  it("names the contexts that there are, where one is unknown", () => {
    expect(() => resolveConnection({ context: "toString" }, {}, CONFIG)).toThrow("there are: live, test");
  });
});
