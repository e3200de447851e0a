// The licences of the libraries that are part of a bundle: they ask to go wherever their code goes.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "../workspace.mjs";

const LIBRARY = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+(?=[\\/])/;
const LICENCE = /^(?:licen[cs]e|copying)(?:\.|-|$)/i;

/** @param paths of all modules in a bundle */
export function licencesOf(paths) {
  const folders = new Set(paths.flatMap((path) => LIBRARY.exec(path)?.[0] ?? []));
  return [...folders]
    .sort((one, other) => (one < other ? -1 : 1))
    .map(licenceOf)
    .join("\n");
}

function licenceOf(folder) {
  const { name, version, license } = readJson(join(folder, "package.json"));
  const files = readdirSync(folder).filter((file) => LICENCE.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), "utf8").trim());
  return [`${name} ${version}: ${license}`, ...texts, ""].join("\n\n");
}
