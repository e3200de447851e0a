/** Orders, and `nakadi tail` to show them. */
import { runCommand, type Surroundings } from "./run-command.ts";
import { type TestServer, testServer } from "./test-server.ts";

interface Tailed extends Omit<TestServer, "orders"> {
  createType: TestServer["orders"];
  eventType: string;
  publish(...orders: string[]): Promise<void>;
  tail(args: readonly string[], surroundings?: Surroundings): ReturnType<typeof runCommand>;
  /** What it printed, when it has ended by itself. */
  orders(...args: string[]): Promise<{ exit: number; orders: string[]; err: string }>;
}

/** Of the event type order.created. */
export async function withOrders(orders: readonly string[], partitions = 1): Promise<Tailed> {
  const server = await testServer();
  const eventType = await server.orders("order.created", partitions);
  const publish = async (...more: string[]): Promise<void> => {
    if (more.length > 0) await server.nakadi.publisher(eventType).publish(more.map((order) => ({ order })));
  };
  await publish(...orders);
  const tail: Tailed["tail"] = (args, surroundings) => runCommand(["tail", ...args, "--url", server.url], surroundings);
  return {
    ...server,
    createType: (name) => server.orders(name),
    eventType,
    publish,
    tail,
    async orders(...args) {
      const { code, stdout, stderr } = tail([eventType, ...args]);
      const exit = await code;
      const lines = stdout.text.split("\n").filter((line) => line !== "");
      return { exit, orders: lines.map((line) => (JSON.parse(line) as { order: string }).order), err: stderr.text };
    },
  };
}

/** Of the event number `n`. */
export const offset = (n: number): string => `001-0001-${String(n).padStart(18, "0")}`;
