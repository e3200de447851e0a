/** What the broker says at the end: everything that is stored, and the positions of the subscription. */
import { randomUUID } from "node:crypto";
import { type Cursor, laneKey } from "nakadi-protocol";
import { Agent, request } from "undici";
import { numberOf } from "./history/places.ts";
import type { Recorder } from "./history/recorder.ts";
import { demand, linesOf } from "./raw-http.ts";

export interface AccountParts {
  url: string;
  recorder: Recorder;
  /** In whose name it is written down. */
  name: string;
}

interface PartitionView {
  partition: string;
  newest_available_offset: string;
}

const dispatcher = new Agent();

export function partitionsOf(url: string, eventType: string): Promise<PartitionView[]> {
  return demand(dispatcher, { method: "GET", url: `${url}/event-types/${eventType}/partitions` });
}

/** Writes down where the broker takes the subscription to be. */
export async function recordPositions({ url, recorder, name }: AccountParts, subscription: string): Promise<Cursor[]> {
  const since = recorder.seq;
  const view = await demand<{ items: Cursor[] }>(dispatcher, {
    method: "GET",
    url: `${url}/subscriptions/${subscription}/cursors`,
  });
  for (const cursor of view.items) {
    recorder.record(name, { kind: "position", since, lane: laneKey(cursor), offset: cursor.offset });
  }
  return view.items;
}

interface StoredBatch<E> {
  cursor: Cursor;
  events: readonly E[];
}

interface Log<E> {
  partitions: readonly PartitionView[];
  batches: readonly StoredBatch<E>[];
}

/** A slow machine may end a stream before all of it was read. */
const READINGS = 5;

/** Reads all events of an event type, from the first one to those that are the newest now. */
export async function readAll<E>(url: string, eventType: string): Promise<Log<E>> {
  for (let readings = 1; ; readings += 1) {
    try {
      return await readOnce(url, eventType);
    } catch (error) {
      if (readings === READINGS) throw error;
    }
  }
}

async function readOnce<E>(url: string, eventType: string): Promise<Log<E>> {
  const partitions = await partitionsOf(url, eventType);
  const batches: StoredBatch<E>[] = [];
  const missing = new Map(
    partitions
      .map(({ partition, newest_available_offset: newest }): [string, number] => [partition, numberOf(newest)])
      .filter(([, newest]) => newest >= 0),
  );
  if (missing.size === 0) return { partitions, batches };
  const { id } = await demand<{ id: string }>(dispatcher, {
    method: "POST",
    url: `${url}/subscriptions`,
    // Another one for each reading, so that each starts with the first event.
    json: { owning_application: "account", event_types: [eventType], read_from: "begin", consumer_group: randomUUID() },
  });
  const query = `batch_limit=1000&batch_flush_timeout=1&max_uncommitted_events=${2 ** 31 - 1}`;
  const ending = new AbortController();
  const { statusCode, body } = await request(`${url}/subscriptions/${id}/events?${query}`, {
    dispatcher,
    signal: ending.signal,
  });
  if (statusCode !== 200) throw new Error(`the stream of ${eventType} was refused: ${statusCode} ${await body.text()}`);
  for await (const line of linesOf(body)) {
    const { cursor, events } = JSON.parse(line) as { cursor: Cursor; events?: E[] };
    if (events) batches.push({ cursor, events });
    if (numberOf(cursor.offset) >= (missing.get(cursor.partition) ?? Number.POSITIVE_INFINITY))
      missing.delete(cursor.partition);
    if (missing.size === 0) break;
  }
  ending.abort();
  if (missing.size > 0) throw new Error(`the stream of ${eventType} ended before all of it was read`);
  return { partitions, batches };
}

/** Writes down everything that is stored. */
export async function recordStored({ url, recorder, name }: AccountParts, eventType: string): Promise<number> {
  const { partitions, batches } = await readAll<{ id: string }>(url, eventType);
  for (const { cursor, events } of batches) {
    const ids = events.map(({ id }) => id);
    recorder.record(name, { kind: "stored", lane: laneKey(cursor), offset: cursor.offset, ids });
  }
  for (const { partition, newest_available_offset: offset } of partitions) {
    recorder.record(name, { kind: "stored-up-to", lane: laneKey({ event_type: eventType, partition }), offset });
  }
  return batches.reduce((sum, { events }) => sum + events.length, 0);
}
