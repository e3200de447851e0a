/**
 * Lists of subscriptions: filters, pages by offset and by token, links (protocol 2.6).
 * @pure
 */
import type { Subscription } from "nakadi-protocol";
import { ProblemError } from "../problems.ts";
import { flagOf, INT32, integerOf } from "../request-body.ts";

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1_000;

export interface ListQuery {
  owningApplication: string | undefined;
  eventTypes: readonly string[];
  reader: { data_type: string; value: string } | undefined;
  showStatus: boolean;
  limit: number;
  offset: number;
  token: string | undefined;
}

export interface Links {
  prev?: { href: string };
  next?: { href: string };
}

/**
 * @param byToken whether pages are by token if the query names neither
 * @throws {ProblemError} 400
 */
export function listQuery(
  query: Readonly<Record<string, string | readonly string[] | undefined>>,
  byToken = false,
): ListQuery {
  const one = (name: string): string | undefined => {
    const value = query[name];
    return typeof value === "string" ? value : value?.[0];
  };
  const limit = integerOf("limit", one("limit"), INT32) ?? DEFAULT_LIMIT;
  const offset = integerOf("offset", one("offset"), INT32) ?? 0;
  if (limit < 1 || limit > MAX_LIMIT) {
    throw new ProblemError(400, `'limit' parameter should have value between 1 and ${MAX_LIMIT}`);
  }
  if (offset < 0) throw new ProblemError(400, "'offset' parameter can't be lower than 0");
  const types = query["event_type"];
  return {
    owningApplication: one("owning_application"),
    // A single value may be a list separated by commas.
    eventTypes: typeof types === "string" ? types.split(",").filter(Boolean) : (types ?? []),
    reader: attribute(one("reader")),
    showStatus: flagOf("show_status", one("show_status")),
    limit,
    offset,
    token: one("token") ?? (byToken && offset === 0 ? "new" : undefined),
  };
}

/** One page of `all`: newest first, or by id with a token. */
export function listPage(all: readonly Subscription[], query: ListQuery): { items: Subscription[]; links: Links } {
  const matching = all.filter((subscription) => matches(subscription, query));
  return query.token === undefined ? pageByOffset(matching, query) : pageByToken(matching, query, query.token);
}

function matches(subscription: Subscription, { owningApplication, eventTypes, reader }: ListQuery): boolean {
  if (owningApplication !== undefined && subscription.owning_application !== owningApplication) return false;
  if (!eventTypes.every((name) => subscription.event_types.includes(name))) return false;
  if (!reader) return true;
  const readers = subscription.authorization?.readers ?? [];
  return readers.some(({ data_type, value }) => data_type === reader.data_type && value === reader.value);
}

/** A full page links to a next one, which may be empty. */
function pageByOffset(matching: readonly Subscription[], query: ListQuery): { items: Subscription[]; links: Links } {
  const { limit, offset } = query;
  const newestFirst = matching.toSorted((a, b) => compare(b.created_at, a.created_at));
  const items = newestFirst.slice(offset, offset + limit);
  const href = (at: number): string => link(query, `offset=${at}`);
  return {
    items,
    links: {
      ...(offset > 0 && { prev: { href: href(Math.max(0, offset - limit)) } }),
      ...(items.length >= limit && { next: { href: href(offset + limit) } }),
    },
  };
}

/** The prefix of a token: the direction of the page, and whether it includes the id. */
const TOKENS: ReadonlyMap<string, { backward: boolean; including: boolean }> = new Map([
  ["F", { backward: false, including: false }],
  ["W", { backward: false, including: true }],
  ["B", { backward: true, including: false }],
  ["I", { backward: true, including: true }],
]);

/**
 * A forward page with the last subscription has no `next`, a backward page with the first one no `prev`. The link back to
 * the origin of the token is always present, unless the token has no id.
 */
function pageByToken(
  matching: readonly Subscription[],
  query: ListQuery,
  token: string,
): { items: Subscription[]; links: Links } {
  const { limit } = query;
  const byId = matching.toSorted((a, b) => compare(a.id, b.id));
  const to = (kind: string, id: string): { href: string } => ({ href: link(query, `token=${kind}${id}`) });
  const [kind, id] = token === "new" || token === "" ? ["F", ""] : [token.slice(0, 1), token.slice(1)];
  const direction = TOKENS.get(kind);
  if (direction === undefined) throw new ProblemError(400, `Illegal token: ${token}`);
  if (id === "") return { items: byId.slice(0, limit), links: forwardLinks(byId, 0, limit, undefined, to) };
  const { backward, including } = direction;
  const found = byId.findIndex((one) => (backward === including ? one.id > id : one.id >= id));
  const at = found < 0 ? byId.length : found;
  if (!backward) {
    const links = forwardLinks(byId, at, limit, to(including ? "B" : "I", id), to);
    return { items: byId.slice(at, at + limit), links };
  }
  const start = Math.max(0, at - limit);
  const items = byId.slice(start, at);
  const [first, last] = [items[0], items.at(-1)];
  if (start === 0 || !first || !last) return { items, links: { next: to(including ? "F" : "W", id) } };
  return { items, links: { prev: to("B", first.id), next: to("F", last.id) } };
}

function forwardLinks(
  byId: readonly Subscription[],
  start: number,
  limit: number,
  back: { href: string } | undefined,
  to: (kind: string, id: string) => { href: string },
): Links {
  const [first, following] = [byId[start], byId[start + limit]];
  if (!first || !following) return back ? { prev: back } : {};
  return { ...(back && { prev: to("B", first.id) }), next: to("W", following.id) };
}

function link({ eventTypes, reader, owningApplication, showStatus, limit }: ListQuery, place: string): string {
  const parameters = [
    ...eventTypes.map((name) => `event_type=${name}`),
    ...(reader ? [`reader=${reader.data_type}:${reader.value}`] : []),
    ...(owningApplication === undefined ? [] : [`owning_application=${owningApplication}`]),
    ...(showStatus ? ["show_status=true"] : []),
    place,
    `limit=${limit}`,
  ];
  return `/subscriptions?${parameters.join("&")}`;
}

function attribute(text: string | undefined): ListQuery["reader"] {
  if (text === undefined) return undefined;
  const [data_type, value, ...more] = text.split(":");
  if (data_type === undefined || !value || more.length > 0) {
    throw new ProblemError(400, "Query parameter must have the form data_type:value");
  }
  return { data_type, value };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
