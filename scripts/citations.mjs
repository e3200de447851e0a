// Comments cite the rules that they follow as "protocol 4.1": section 4.1 of docs/protocol.md.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./workspace.mjs";

const CITATION = /\bprotocol ([0-9]+(?:\.[0-9]+)*|A(?:\.[0-9])?)(?:(?:, | and )([0-9]+(?:\.[0-9]+)*))*/g;
const HEADING = /^#+ (?:Appendix )?([0-9]+(?:\.[0-9]+)*|A(?:\.[0-9]+)?)\.? /gm;

export function sectionsOf(protocol) {
  return new Set([...protocol.matchAll(HEADING)].map(([, section]) => section));
}

/** The cited sections that the protocol text does not have. */
export function unresolved(text, sections) {
  const cited = [...text.matchAll(CITATION)].flatMap(([all]) => all.replace("protocol ", "").split(/, | and /));
  return cited.filter((section) => !sections.has(section));
}

export function readProtocol() {
  return readFileSync(join(root, "docs", "protocol.md"), "utf8");
}
