/** Hooks of Node's loader, in a thread of their own: the file that is to have the bug gets it. */
import type { InitializeHook, LoadHook } from "node:module";
import { builtFolder, type Plant, planted } from "./plant.ts";

let plant: Plant | undefined;

export const initialize: InitializeHook<string> = (data) => {
  plant = JSON.parse(data) as Plant;
};

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  if (!plant || !url.includes(`/${builtFolder(plant)}`)) return loaded;
  const source = Buffer.from(loaded.source as Uint8Array).toString();
  return { ...loaded, source: planted(source, plant) };
};
