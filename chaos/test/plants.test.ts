import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CHAOS_PLANTS } from "../src/plants/chaos-plants.ts";
import { CRASH_PLANTS } from "../src/plants/crash-plants.ts";
import { type Plant, planted } from "../src/plants/plant.ts";

const builtFile = ({ file }: Plant): string => fileURLToPath(new URL(`../../packages/${file}`, import.meta.url));

const plant: Plant = { name: "a bug", what: "", in: "broker", file: "broker/dist/a.js", find: "await ", replace: "" };

it("a plant replaces what it names", () => {
  expect(planted("await flush();", plant)).toBe("flush();");
});

it.each(["flush();", "await a(); await b();"])("a plant that no longer fits says so: %s", (text) => {
  expect(() => planted(text, plant)).toThrow(/a bug.*a\.js/);
});

const all = [...CRASH_PLANTS, ...CHAOS_PLANTS];

describe.skipIf(!all.every((one) => existsSync(builtFile(one))))("every plant fits what was built", () => {
  it.each(all.map((one) => [one.name, one] as const))("%s", (_name, one) => {
    const text = readFileSync(builtFile(one), "utf8");
    expect(planted(text, one)).not.toBe(text);
  });
});
