// The words that comments, messages, documents and test names avoid: a subject that is not named, and figures of speech.
import { readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./workspace.mjs";

/** Each pattern with what to write instead. */
const AVOIDED = [
  [/\b(?:who|whoever|whom)\b/gi, "name the subject: the client, the caller, the owner"],
  [/\b(?:nobody|no one|everybody|anybody|somebody|someone)\b/gi, "name the subject: no client, every caller, a stream"],
  [/\b(?:is|are|was|were|been|be) told\b|\btold of\b|\btells? of\b/gi, "notified, reported, or what the call returns"],
  [/\bcomes? again\b/gi, "delivered again, repeated"],
  [/\bso (?:many|much)\b/gi, "give the number, or name it: n bytes, the limit"],
  [/\bfor ever\b/gi, "forever, without end, or the bound"],
  [/\b(?:in vain|vain)\b/gi, "without effect, without progress"],
  [/\bmend(?:s|ed|ing)?\b/gi, "repair, fix"],
  [/\bmeanwhile\b/gi, "during X, until Y, concurrently"],
  [/(?<!\bthere )\bis no (?!longer\b|more\b|(?:free )?slot\b)[a-z]/gi, "is not a …, or say what it is"],
  [
    /\b(?:undertaker|bury|buried|buries|scars?|homeless|stirred|suspicion)\b|Vain|Undertaker|Scars?\b|Homeless/g,
    "the field's word",
  ],
];

const CHECKED = /\.(?:[cm]?[jt]s|md|json|yaml|yml)$/;
/** The protocol text quotes others; recordings and data hold no words of ours; this list holds the words themselves. */
const EXEMPT =
  /^(?:docs\/protocol\.md|tests\/golden\/recordings\/|packages\/cli\/data\/|package-lock\.json|scripts\/words(?:\.test)?\.mjs)/;

/** Each place of an avoided word in a text: line, word, and what to write instead. */
export function avoidedWords(text) {
  return text
    .split("\n")
    .flatMap((line, index) =>
      AVOIDED.flatMap(([pattern, instead]) =>
        [...line.matchAll(pattern)].map(([word]) => ({ line: index + 1, word, instead })),
      ),
    );
}

/** The files of the repository that are checked, as paths from the root. */
function checkedFiles() {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root });
  return listed
    .toString()
    .split("\n")
    .filter((name) => CHECKED.test(name) && !EXEMPT.test(name));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [below = ""] = process.argv.slice(2);
  let found = 0;
  for (const name of checkedFiles().filter((path) => path.startsWith(below))) {
    for (const { line, word, instead } of avoidedWords(readFileSync(join(root, name), "utf8"))) {
      console.error(`${name}:${line}: "${word}" (${instead})`);
      found += 1;
    }
  }
  process.exitCode = found > 0 ? 1 : 0;
}
