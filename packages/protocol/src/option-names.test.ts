import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { meant, unknownOption } from "./option-names.ts";

const NAMES = ["host", "port", "storage", "profile", "limits", "deletableSubscription", "onFaultPoint"];

describe("the nearest name", () => {
  it.each([
    ["prot", "port"],
    ["store", "storage"],
    ["Port", "port"],
    ["limit", "limits"],
    ["deleteableSubscription", "deletableSubscription"],
    ["onFaultpoint", "onFaultPoint"],
    ["profil", "profile"],
    ["hots", "host"],
    ["colour", undefined],
    ["", undefined],
    ["x".repeat(1_000_000), undefined],
  ])("of %.30j is %j", (wrong, name) => {
    expect(meant(wrong, NAMES)).toBe(name === undefined ? "" : `; did you mean ${name}?`);
  });

  it("is the one in which one letter was changed, left out, doubled or swapped", () => {
    const change = fc.constantFrom<(text: string, at: number) => string>(
      (text, at) => `${text.slice(0, at)}_${text.slice(at + 1)}`,
      (text, at) => text.slice(0, at) + text.slice(at + 1),
      (text, at) => text.slice(0, at) + text.slice(at - 1),
      (text, at) => text.slice(0, at - 1) + text.slice(at, at + 1) + text.slice(at - 1, at) + text.slice(at + 1),
    );
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), fc.nat(), change, (name, place, changed) => {
        const wrong = changed(name, 1 + (place % (name.length - 1)));
        expect(meant(wrong, NAMES)).toBe(`; did you mean ${name}?`);
      }),
    );
  });
});

describe("an object of options", () => {
  it("has nothing wrong with it where all names are known", () => {
    expect(unknownOption("options", {}, NAMES)).toBe(undefined);
    expect(unknownOption("options", { port: 1, host: undefined }, NAMES)).toBe(undefined);
  });

  const known = `one of the known options: ${NAMES.join(", ")}`;
  it.each<[options: unknown, told: unknown]>([
    [{ prot: 1 }, { path: "options.prot", allowed: `${known}; did you mean port?` }],
    [{ colour: "secret" }, { path: "options.colour", allowed: known }],
    ...[null, [], "secret"].map((odd): [unknown, unknown] => [
      odd,
      { path: "options", allowed: expect.stringContaining("object") as string },
    ]),
  ])("%j is reported", (options, told) => {
    expect(unknownOption("options", options, NAMES)).toEqual(told);
  });
});
