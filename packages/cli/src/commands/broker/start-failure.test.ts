import { lookup } from "node:dns/promises";
import { createServer, type AddressInfo, connect } from "node:net";
import { expect, it } from "vitest";
import { startFailure } from "./start-failure.ts";

const WITH = { host: "127.0.0.1", port: 8080, storage: "postgres://me:secret@nosuchhost.invalid/db" } as const;

/** What an engine may throw for an address where nothing listens. */
async function refusedConnection(): Promise<{ error: unknown; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const error = await new Promise((resolve) => connect(port, "127.0.0.1").once("error", resolve));
  return { error, port };
}

it("a storage whose host does not resolve is named, and not taken for the broker's own address", async () => {
  const { code, syscall, hostname } = (await lookup("nosuchhost.invalid").catch((error: unknown) => error)) as Record<
    string,
    unknown
  >;
  expect(syscall).toBe("getaddrinfo");
  const driver = new Error("connection failed", {
    cause: Object.assign(new Error("lookup"), { code, syscall, hostname }),
  });
  const { message } = startFailure(driver, WITH);
  expect(message).toMatch(
    /^cannot reach the storage postgres: nosuchhost\.invalid (is not a known host|cannot be looked up)/,
  );
  expect(message).not.toContain("secret");
});

it("a storage that accepts no connection is named with its port, also where several addresses were tried", async () => {
  const { error, port } = await refusedConnection();
  const expected = `cannot reach the storage postgres: 127.0.0.1 port ${port} accepts no connection. Look at its URL, and whether it runs`;
  expect(startFailure(error, WITH).message).toBe(expected);
  expect(startFailure(new AggregateError([error]), WITH).message).toBe(expected);
});

it("the broker's own host is", async () => {
  const error: unknown = await lookup("nosuchhost.invalid").catch((thrown: unknown) => thrown);
  expect(startFailure(error, { ...WITH, host: "nosuchhost.invalid", storage: "memory" }).message).toBe(
    "cannot listen on nosuchhost.invalid port 8080: this machine has no such address. Try --host 127.0.0.1",
  );
});
