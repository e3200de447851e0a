/** A port for a server that a test stops and starts again on the same address. */
import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that Linux (from 32768), macOS and Windows (from 49152) give to outgoing connections. */
const LOWEST = 20_000;
const HIGHEST = 32_767;
const ATTEMPTS = 100;

/**
 * A free port of 127.0.0.1, from 20000 to 32767, for a server that starts several times on one address. The operating system
 * gives such a port to no outgoing connection, while a port that `listen(0)` has found can be taken by one between two starts.
 * @throws {Error} if 100 ports that were tried are all in use
 */
export async function restartPort(): Promise<number> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port from ${LOWEST} to ${HIGHEST} in ${ATTEMPTS} attempts: end a server that uses one`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
