import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CHAOS_PLANTS } from "../src/plants/chaos-plants.ts";
import { builtFolder, type Plant, planted } from "../src/plants/plant.ts";

const builtFiles = (plant: Plant): string[] => {
  const folder = fileURLToPath(new URL(`../../${builtFolder(plant)}`, import.meta.url));
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".js"))
    .map((name) => readFileSync(`${folder}${name}`, "utf8"));
};

const plant: Plant = { name: "a bug", what: "", in: "broker", find: "await ", replace: "" };

it("a plant replaces what it names, where that is", () => {
  expect(planted("await flush();", plant)).toBe("flush();");
  expect(planted("flush();", plant)).toBe("flush();");
});

it("a plant that is not sure of its place says so", () => {
  expect(() => planted("await a(); await b();", plant)).toThrow(/a bug/);
});

it("no two plants have a name in common", () => {
  expect(new Set(CHAOS_PLANTS.map(({ name }) => name)).size).toBe(CHAOS_PLANTS.length);
});

describe.skipIf(!CHAOS_PLANTS.every((one) => builtFiles(one).length > 0))("every plant fits what was built", () => {
  it.each(CHAOS_PLANTS.map((one) => [one.name, one] as const))("%s", (_name, one) => {
    const changed = builtFiles(one).filter((text) => planted(text, one) !== text);
    expect(changed).toHaveLength(1);
  });
});
