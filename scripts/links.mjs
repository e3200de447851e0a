// Links in documents that lead to a file or a heading of this repository. `node scripts/links.mjs` names those that do not resolve.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./workspace.mjs";

const CODE = /^(`{3,}|~{3,})[^]*?^\1|`[^`\n]*`|^(?: {4}|\t).*$/gm;
const LINK = /(?<!\\)\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\[[^\]]+\]:\s*(\S+)/gm;
const HEADING = /^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$/gm;
const ELSEWHERE = /^[a-z][a-z\d+.-]*:|^\/\//i;

/**
 * The links of a document that do not resolve, one sentence each.
 * @param path of the document, relative to the root
 * @param read gives the text of a document by its path, and undefined where there is none
 * @param exists whether there is a file or a folder
 */
export function brokenLinks(path, read, exists) {
  const text = read(path).replace(CODE, (code) => (code.startsWith("`") && !code.startsWith("```") ? "code" : ""));
  return [...text.matchAll(LINK)].flatMap(([, inline, reference]) => {
    const target = inline ?? reference;
    if (ELSEWHERE.test(target)) return [];
    const [file = "", anchor] = decodeURI(target).split("#");
    const wanted = file === "" ? path : posix.normalize(posix.join(posix.dirname(path), file));
    if (wanted.startsWith("../") || !exists(wanted)) return [`${path}: there is no ${wanted} (${target})`];
    if (anchor === undefined || !wanted.endsWith(".md")) return [];
    return anchorsOf(read(wanted)).has(anchor) ? [] : [`${path}: ${wanted} has no heading #${anchor}`];
  });
}

/** The anchors that GitHub gives to the headings of a document. */
export function anchorsOf(text) {
  const anchors = new Set();
  for (const [, heading] of text.replaceAll(/^(`{3,}|~{3,})[^]*?^\1/gm, "").matchAll(HEADING)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = words.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, "").replaceAll(" ", "-");
    let unique = anchor;
    for (let number = 1; anchors.has(unique); number += 1) unique = `${anchor}-${number}`;
    anchors.add(unique);
  }
  return anchors;
}

/** The broken links of all documents of the repository. */
export function allBrokenLinks() {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], { cwd: root });
  const documents = listed
    .toString()
    .split("\n")
    .filter((path) => path !== "" && existsSync(join(root, path)));
  const read = (path) => readFileSync(join(root, path), "utf8");
  return documents.flatMap((path) => brokenLinks(path, read, (target) => existsSync(join(root, target))));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const broken = allBrokenLinks();
  for (const line of broken) console.error(line);
  process.exitCode = broken.length > 0 ? 1 : 0;
}
