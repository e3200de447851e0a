/** A TCP relay in front of a server, whose connections a test can cut. */
import net from "node:net";
import { onTestFinished } from "vitest";

export interface CuttingRelay {
  url: string;
  /** Open connections whose answer has begun. */
  readonly answering: number;
  /** Destroys all connections; says how many had begun to answer. */
  cut(): number;
}

export async function cuttingRelay(to: string): Promise<CuttingRelay> {
  const target = new URL(to);
  const open = new Map<net.Socket, { answered: boolean }>();
  const server = net.createServer((inbound) => {
    const outbound = net.connect(Number(target.port), target.hostname);
    const state = { answered: false };
    open.set(inbound, state);
    outbound.once("data", () => (state.answered = true));
    inbound.pipe(outbound);
    outbound.pipe(inbound);
    const close = (): void => {
      open.delete(inbound);
      inbound.destroy();
      outbound.destroy();
    };
    for (const socket of [inbound, outbound]) socket.on("error", close).on("close", close);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of open.keys()) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const answering = (): net.Socket[] => [...open].filter(([, { answered }]) => answered).map(([socket]) => socket);
  return {
    url: `http://127.0.0.1:${port}`,
    get answering() {
      return answering().length;
    },
    cut() {
      const cut = answering();
      for (const socket of cut) socket.destroy();
      return cut.length;
    },
  };
}
