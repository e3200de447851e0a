import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { probe } from "../src/commands/doctor/probe.ts";
import { runCommand, type Surroundings, temporaryDirectory } from "./run-command.ts";
import { testServer } from "./test-server.ts";

interface Finding {
  what: string;
  verdict: string;
  says: string;
  todo?: string;
}

async function doctor(args: string[], surroundings: Surroundings = {}) {
  const { code, stdout, stderr } = runCommand(["doctor", "-o", "json", ...args], surroundings);
  const exit = await code;
  const findings = JSON.parse(stdout.text) as Finding[];
  return { exit, err: stderr.text, text: stdout.text, of: (what: string) => findings.find((one) => one.what === what) };
}

async function server(answer: http.RequestListener): Promise<string> {
  const listening = http.createServer(answer).listen(0, "127.0.0.1");
  onTestFinished(() => void listening.close());
  await once(listening, "listening");
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

function webToken(claims: object): string {
  const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString("base64url");
  return `${part({ alg: "none" })}.${part(claims)}.signature`;
}

describe("nakadi doctor", () => {
  it("finds nothing wrong with a server that is well", async () => {
    const { url } = await testServer();
    const { exit, err, of } = await doctor(["--url", url]);
    expect([exit, err]).toEqual([0, ""]);
    expect(of("health")).toMatchObject({ verdict: "good" });
    expect(of("clocks")).toMatchObject({ verdict: "good" });
    expect(of("access")).toEqual({
      what: "access",
      verdict: "good",
      says: expect.stringMatching(/^may list event types: [0-9]+$/),
    });
  });

  it("is a list with marks for people", async () => {
    const { url } = await testServer();
    const { code, stdout } = runCommand(["doctor", "--url", url]);
    expect(await code).toBe(0);
    expect(stdout.text).toMatch(/^✓ server {4}http:\/\/127\.0\.0\.1:\d+ \(from --url\)$/m);
  });

  it("says where each setting came from", async () => {
    const file = join(temporaryDirectory(), "config.json");
    const { url } = await testServer();
    const env = { NAKADI_CONFIG: file, MY_TOKEN: "secret" };
    await runCommand(["context", "add", "here", "--url", url, "--token-env", "MY_TOKEN"], { env }).code;
    const { of, text } = await doctor([], { env });
    expect(of("context")?.says).toBe("here (from nakadi context use)");
    expect(of("server")?.says).toBe(`${url} (from context here)`);
    expect(of("token")?.says).toBe("found (from context here)");
    expect(text).not.toContain("secret");
  });

  it("bounds the wait for each answer", async () => {
    const url = await server(() => undefined);
    await expect(probe(url, new AbortController().signal, 50)).rejects.toThrow("no answer within 0.05 s");
  });

  it("an interrupt ends it, without findings that are none", async () => {
    const asked = new AbortController();
    const url = await server(() => asked.abort());
    const { code, stdout, stderr, stop } = runCommand(["doctor", "--url", url]);
    asked.signal.addEventListener("abort", () => stop("SIGINT"));
    expect([await code, stdout.text, stderr.text]).toEqual([130, "", ""]);
  });

  it("says that it speaks TLS to a server that does not", async () => {
    const url = (await server((_request, response) => void response.end())).replace("http:", "https:");
    const { exit, of } = await doctor(["--url", url]);
    expect([exit, of("health")?.todo]).toEqual([
      1,
      "what is there does not speak TLS: is it http:// instead of https://?",
    ]);
  });

  it("says that no server listens there, and what to do", async () => {
    const url = "http://127.0.0.1:1";
    const { exit, of } = await doctor(["--url", url]);
    expect(exit).toBe(1);
    expect(of("health")).toMatchObject({ verdict: "bad", says: `${url} cannot be reached: ECONNREFUSED` });
    expect(of("health")?.todo).toContain("nakadi broker");
  });

  it("says that what answers is not a Nakadi", async () => {
    const url = await server((_request, response) => response.writeHead(404).end("<html>"));
    expect((await doctor(["--url", url])).of("health")).toMatchObject({
      verdict: "bad",
      says: `${url}/health answers 404`,
    });
  });

  it("says that the clocks differ", async () => {
    const url = await server((_request, response) => {
      response.setHeader("date", new Date(Date.now() - 3_600_000).toUTCString());
      response.end(response.req.url === "/health" ? "OK" : "[]");
    });
    const { exit, of } = await doctor(["--url", url]);
    expect(exit).toBe(0);
    expect(of("clocks")?.says).toMatch(/^the server's clock is 3\d\d\d s behind this machine's$/);
  });

  it("says that the server does not take the token", async () => {
    const url = await server((request, response) => response.writeHead(request.url === "/health" ? 200 : 401).end());
    const { exit, of, text } = await doctor(["--url", url], { env: { NAKADI_TOKEN: "secret" } });
    expect(exit).toBe(1);
    expect(of("access")?.says).toContain("does not take the token from NAKADI_TOKEN");
    expect(text).not.toContain("secret");
  });

  it("reads when a token expires, and never shows it", async () => {
    const { url } = await testServer();
    const seconds = Math.round(Date.now() / 1_000);
    const old = await doctor(["--url", url], { env: { NAKADI_TOKEN: webToken({ exp: seconds - 600 }) } });
    expect(old.of("token")?.says).toBe("found (from NAKADI_TOKEN), but it expired 10 min ago");
    const fresh = await doctor(["--url", url], { env: { NAKADI_TOKEN: webToken({ exp: seconds + 600 }) } });
    expect(fresh.of("token")?.says).toBe("found (from NAKADI_TOKEN), expires in 10 min");
  });

  it.each([
    ["--token-file", "/no/such/file", "the file /no/such/file must be a file that can be read"],
    ["--token-env", "NO_SUCH_VARIABLE", "the environment variable NO_SUCH_VARIABLE, which is not set"],
  ])("says that the token of %s %s is not there", async (flag, value, message) => {
    const { url } = await testServer();
    const { exit, of } = await doctor(["--url", url, flag, value]);
    expect(exit).toBe(1);
    expect(of("token")).toMatchObject({ verdict: "bad" });
    expect(of("token")?.says).toContain(message);
  });

  it("a command gives the token; one that fails is said without its output", async () => {
    const directory = temporaryDirectory();
    const file = join(directory, "config.json");
    const contexts = { a: { url: "http://127.0.0.1:1", token: { command: "echo secret" } } };
    mkdirSync(directory, { recursive: true });
    writeFileSync(file, JSON.stringify({ current: "a", contexts }));
    expect((await doctor([], { env: { NAKADI_CONFIG: file } })).of("token")?.says).toBe("found (from context a)");
    writeFileSync(
      file,
      JSON.stringify({ current: "a", contexts: { a: { ...contexts.a, token: { command: "echo secret; false" } } } }),
    );
    const { of } = await doctor([], { env: { NAKADI_CONFIG: file } });
    expect(of("token")?.says).toBe(
      "the command for the token, `echo secret; false`, failed. Run it by hand to see why",
    );
  });

  it("looks no further when the settings are broken", async () => {
    const { exit, text } = await doctor(["--context", "nowhere"]);
    expect(exit).toBe(1);
    expect(JSON.parse(text)).toMatchObject([{ what: "settings", verdict: "bad" }]);
  });
});
