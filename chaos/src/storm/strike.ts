/** Carries out an order: hits its victims, says what that hit, and makes good again what does not last. */
import type { FaultKind as ProxyFault } from "nakadi-testing";
import { holdsIn } from "../waiting.ts";
import type { Actor } from "./actor.ts";
import type { Order } from "./schedule.ts";
import type { Stage } from "./stage.ts";

/** Open streams, and publishes and commits without an answer. */
export interface Hits {
  streams: number;
  requests: number;
}

/** What is to be done when it has lasted long enough; undefined: nothing. */
export type Heal = (() => Promise<void> | void) | undefined;

/** What is armed strikes with the bytes that come; so long they may be waited for. */
const ARMED_MS = 3_000;

interface Victims {
  consumers: readonly Actor[];
  publishers: readonly Actor[];
}

function victimsOf({ consumers, publishers }: Stage, order: Order): Victims {
  if (order.kind === "kill-broker" || order.kind === "stop-broker") return { consumers, publishers };
  return {
    consumers: consumers.filter((_, index) => order.consumers.includes(index)),
    publishers: publishers.filter((_, index) => order.publishers.includes(index)),
  };
}

/** What an order would hit now, and what it would if all its victims were at work. */
export function aimOf(stage: Stage, order: Order): { now: Hits; full: Hits } {
  const { consumers, publishers } = victimsOf(stage, order);
  const all = [...consumers, ...publishers];
  return {
    now: {
      streams: consumers.reduce((sum, { proxy }) => sum + proxy.openStreams, 0),
      requests: stage.underWay.requests(all.map(({ process }) => process)),
    },
    full: { streams: consumers.length, requests: publishers.length },
  };
}

/** Strikes now. */
export async function strike(stage: Stage, order: Order): Promise<{ hits: Hits; heal?: Heal }> {
  const victims = victimsOf(stage, order);
  const { consumers, publishers } = victims;
  const actors = [...consumers, ...publishers];
  const proxies = actors.map(({ proxy }) => proxy);
  const { now: hits } = aimOf(stage, order);
  const { amount } = order;
  const heal = (): void => {
    for (const proxy of proxies) proxy.heal();
  };
  switch (order.kind) {
    case "kill-broker":
      await stage.broker.kill();
      return { hits, heal: async () => void (await stage.broker.start()) };
    case "stop-broker":
      stage.broker.signal("SIGSTOP");
      return { hits, heal: () => stage.broker.signal("SIGCONT") };
    case "kill-clients":
      await Promise.all(actors.map((actor) => actor.kill()));
      return { hits, heal: () => actors.forEach((actor) => actor.restart()) };
    case "stop-clients":
      for (const actor of actors) actor.signal("SIGSTOP");
      return { hits, heal: () => actors.forEach((actor) => actor.signal("SIGCONT")) };
    case "cut":
      for (const proxy of proxies) proxy.cut();
      return { hits };
    case "cut-inside-line":
      return {
        hits: await armed(victims, ["cutInsideLine", "cutAfter"], () => {
          for (const { proxy } of consumers) proxy.cutInsideLine();
          for (const { proxy } of publishers) proxy.cutAfter(amount);
        }),
      };
    case "cut-after":
      return {
        hits: await armed(victims, ["cutAfter"], () => {
          for (const proxy of proxies) proxy.cutAfter(amount);
        }),
      };
    case "reset":
      for (const proxy of proxies) proxy.reset();
      return { hits };
    case "half-open":
      for (const proxy of proxies) proxy.halfOpen();
      return { hits };
    case "stall":
      for (const proxy of proxies) proxy.stall();
      return { hits, heal };
    case "delay":
      for (const proxy of proxies) proxy.delay(amount, { jitterMs: amount });
      return { hits, heal };
    case "bandwidth":
      for (const proxy of proxies) proxy.limitBandwidth(amount);
      return { hits, heal };
    case "refuse":
      for (const proxy of proxies) {
        proxy.refuse();
        proxy.cut();
      }
      return { hits, heal };
  }
}

/** What was hit when bytes came: answers of streams, and answers of requests. */
async function armed({ consumers, publishers }: Victims, kinds: readonly ProxyFault[], arm: () => void): Promise<Hits> {
  const proxies = [...consumers, ...publishers].map(({ proxy }) => proxy);
  const count = (): Hits => {
    const all = proxies.flatMap((proxy) => kinds.map((kind) => proxy.hits(kind)));
    const streams = all.reduce((sum, hits) => sum + hits.streams, 0);
    return { streams, requests: all.reduce((sum, hits) => sum + hits.connections, 0) - streams };
  };
  const before = count();
  const hits = (): Hits => {
    const { streams, requests } = count();
    return { streams: streams - before.streams, requests: requests - before.requests };
  };
  arm();
  await holdsIn(ARMED_MS, () => hits().streams >= consumers.length && hits().requests >= publishers.length);
  return hits();
}
