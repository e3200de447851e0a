// The API reference, made from the declarations that npm publishes: `npm run docs`. A warning fails it.
import { packageFolders, readJson } from "./scripts/workspace.mjs";

const entryPoints = packageFolders().flatMap((folder) => {
  const { exports } = readJson(`packages/${folder}/package.json`);
  return Object.values(exports).flatMap(({ types }) => (types === undefined ? [] : `packages/${folder}/${types}`));
});

export default {
  name: "nakadi-ts",
  tsconfig: "tsconfig.reference.json",
  entryPoints,
  out: "node_modules/.nakadi/reference",
  readme: "none",
  disableSources: true,
  excludePrivate: true,
  treatWarningsAsErrors: true,
};
