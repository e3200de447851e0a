import type { Subscription } from "nakadi-protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ListQuery, listPage, listQuery } from "./subscription-list.ts";

function subscription(n: number, members: Partial<Subscription> = {}): Subscription {
  const at = new Date(n).toISOString();
  const key = { owning_application: "app", event_types: ["a"], consumer_group: String(n) };
  return { ...key, read_from: "end", id: String(n).padStart(4, "0"), created_at: at, updated_at: at, ...members };
}

const numbers = (count: number): Subscription[] => Array.from({ length: count }, (_, n) => subscription(n));
const groups = (items: readonly Subscription[]): string[] => items.map(({ consumer_group }) => consumer_group);
/** Follows links to the last page, at most `most` times. */
function follow(
  all: readonly Subscription[],
  start: ListQuery,
  direction: "next" | "prev",
  most = 100,
): Subscription[][] {
  const pages: Subscription[][] = [];
  for (let query: ListQuery | undefined = start; query && pages.length < most;) {
    const { items, links } = listPage(all, query);
    pages.push(items);
    const href: string | undefined = links[direction]?.href;
    query = href === undefined ? undefined : listQuery(Object.fromEntries(new URL(href, "http://x").searchParams));
  }
  return pages;
}

describe("a list of subscriptions", () => {
  it("is sorted newest first, with links to its neighbours", () => {
    const { items, links } = listPage(numbers(5), listQuery({ limit: "2", offset: "2", reader: "x:y" }));
    expect([items, links]).toEqual([[], { prev: { href: "/subscriptions?reader=x:y&offset=0&limit=2" } }]);
    const page = listPage(numbers(5), listQuery({ limit: "2", offset: "2", owning_application: "app" }));
    expect(groups(page.items)).toEqual(["2", "1"]);
    expect(page.links).toEqual({
      prev: { href: "/subscriptions?owning_application=app&offset=0&limit=2" },
      next: { href: "/subscriptions?owning_application=app&offset=4&limit=2" },
    });
  });

  it("contains those with all event types, the owner and the reader", () => {
    const all = [
      subscription(1, { event_types: ["a", "b"] }),
      subscription(2, { authorization: { admins: [], readers: [{ data_type: "user", value: "x" }] } }),
      subscription(3, { owning_application: "other" }),
    ];
    const ids = (query: Record<string, string | string[]>): string[] => groups(listPage(all, listQuery(query)).items);
    expect(ids({ event_type: ["a", "b"] })).toEqual(["1"]);
    expect(ids({ event_type: "a,b" })).toEqual(["1"]);
    expect(ids({ reader: "user:x" })).toEqual(["2"]);
    expect(ids({ owning_application: "other" })).toEqual(["3"]);
  });

  it("is complete and without repetition when its links are followed, by offset and by token", () => {
    fc.assert(
      fc.property(fc.nat({ max: 30 }), fc.integer({ min: 1, max: 10 }), (count, limit) => {
        const all = numbers(count);
        const byOffset = follow(all, listQuery({ limit: String(limit) }), "next").flat();
        expect(groups(byOffset)).toEqual(groups(all.toReversed()));
        const byToken = follow(all, listQuery({ limit: String(limit), token: "new" }), "next");
        expect(groups(byToken.flat())).toEqual(groups(all));
        const end = listQuery({ limit: String(limit), token: "F9999" });
        const back = follow(all, end, "prev").toReversed().flat();
        expect(groups(back)).toEqual(groups(all));
      }),
    );
  });

  it.each<[token: string, groups: string[], prev: string | undefined, next: string | undefined]>([
    ["new", ["0", "1"], undefined, "W0002"],
    ["", ["0", "1"], undefined, "W0002"],
    ["B", ["0", "1"], undefined, "W0002"],
    ["F0001", ["2", "3"], "B0002", "W0004"],
    ["W0001", ["1", "2"], "B0001", "W0003"],
    ["W0000", ["0", "1"], "B0000", "W0002"],
    ["F0003", ["4"], "I0003", undefined],
    ["W0003", ["3", "4"], "B0003", undefined],
    ["F0004", [], "I0004", undefined],
    ["W0009", [], "B0009", undefined],
    ["B0004", ["2", "3"], "B0002", "F0003"],
    ["I0004", ["3", "4"], "B0003", "F0004"],
    ["B0002", ["0", "1"], undefined, "W0002"],
    ["I0001", ["0", "1"], undefined, "F0001"],
    ["B0000", [], undefined, "W0000"],
  ])("by token %j has %j between %s and %s", (token, expected, prev, next) => {
    const { items, links } = listPage(numbers(5), listQuery({ limit: "2", token }));
    expect(groups(items)).toEqual(expected);
    const href = (to: string): { href: string } => ({ href: `/subscriptions?token=${to}&limit=2` });
    expect(links).toEqual({
      ...(prev !== undefined && { prev: href(prev) }),
      ...(next !== undefined && { next: href(next) }),
    });
  });

  it("takes offsets of 31 bits, and numbers as the server reads them", () => {
    expect(listQuery({ offset: "2147483647" }).offset).toBe(2_147_483_647);
    expect(listQuery({ offset: " +1", limit: "0x10" })).toMatchObject({ offset: 1, limit: 16 });
  });

  it("has each of those that were made in the same millisecond on one page", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3 })), fc.integer({ min: 1, max: 10 }), (times, limit) => {
        const all = times.map((time, n) => subscription(n, { created_at: new Date(time).toISOString() }));
        const listed = follow(all, listQuery({ limit: String(limit) }), "next").flat();
        expect(groups(listed).toSorted()).toEqual(groups(all).toSorted());
        const newestFirst = times.toSorted((a, b) => b - a).map((time) => new Date(time).toISOString());
        expect(listed.map(({ created_at }) => created_at)).toEqual(newestFirst);
      }),
    );
  });

  it("has defaults for empty parameters", () => {
    const nothing = { event_type: "", limit: "", offset: "", show_status: "" };
    expect(listQuery(nothing)).toEqual(listQuery({}));
    expect(listQuery({ show_status: "TRUE" }).showStatus).toBe(true);
  });

  it.each([
    [{ limit: "0" }],
    [{ limit: "1001" }],
    [{ limit: "few" }],
    [{ offset: "-1" }],
    [{ reader: "unknown" }],
    [{ reader: "a:b:c" }],
    [{ reader: "a:" }],
    [{ reader: ":" }],
    [{ reader: "" }],
    [{ offset: "2147483648" }],
    [{ limit: "1e1" }],
    [{ show_status: "perhaps" }],
  ])("refuses %j", (query) => {
    expect(() => listQuery(query)).toThrow(expect.objectContaining({ status: 400 }));
  });
});
