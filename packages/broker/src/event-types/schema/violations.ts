/**
 * Findings of the schema library in the words of the real server's validator: one line for each violation, grouped by
 * place, with a first line that counts several (protocol 4.4).
 * @pure
 */
import { hashMapOrder } from "../java-text.ts";
import { escapePointer, isObject } from "./json-schema.ts";
import { sentenceOf } from "./violation-sentences.ts";
import type { Finding } from "./violation-sentences.ts";

interface Group {
  /** The pointer before a message: `#/items/0`. */
  pointer: string;
  data: unknown;
  own: Violation[];
  children: Map<string, Group>;
}

interface Violation {
  keyword: string;
  /** The first line is the violation itself, the others are its parts. */
  lines: string[];
  leaves: number;
}

/** The text of all findings. @param root the validated value */
export function describeViolations(findings: readonly Finding[], root: unknown): string {
  return render(grouped(relevant(findings), root))?.lines.join("\n") ?? "#: invalid";
}

/** A value of the wrong type violates no other keyword of its schema, except `enum`. */
function relevant(findings: readonly Finding[]): readonly Finding[] {
  const mistyped = new Map<string, Set<unknown>>();
  for (const { keyword, instancePath, parentSchema } of findings) {
    if (keyword !== "type") continue;
    const schemas = mistyped.get(instancePath) ?? new Set();
    mistyped.set(instancePath, schemas.add(parentSchema));
  }
  return findings.filter(
    ({ keyword, instancePath, parentSchema }) =>
      keyword === "type" || keyword === "enum" || !mistyped.get(instancePath)?.has(parentSchema),
  );
}

function grouped(findings: readonly Finding[], data: unknown): Group {
  const root: Group = { pointer: "#", data, own: [], children: new Map() };
  for (const [index, finding] of findings.entries()) {
    if (belongsToLater(findings, index)) continue;
    const sentence = sentenceOf(finding);
    if (sentence === undefined) continue;
    const at = groupAt(root, placeOf(finding));
    const parts = COMBINING.has(finding.keyword) ? partsOf(findings, index, data) : [];
    at.own.push({
      keyword: finding.keyword,
      lines: [`${at.pointer}: ${sentence}`, ...parts.flatMap(({ lines }) => lines)],
      leaves: Math.max(
        1,
        parts.reduce((sum, { leaves }) => sum + leaves, 0),
      ),
    });
  }
  return root;
}

/** Keywords that the library reports after the findings of their parts. */
const COMBINING: ReadonlySet<string> = new Set(["anyOf", "oneOf", "contains", "if"]);

function isPart(part: Finding, whole: Finding): boolean {
  return part.schemaPath.startsWith(`${pathOfParts(whole)}/`) && part.instancePath.startsWith(whole.instancePath);
}

function pathOfParts({ keyword, schemaPath, params }: Finding): string {
  return keyword === "if" ? `${schemaPath.slice(0, -"if".length)}${String(params["failingKeyword"])}` : schemaPath;
}

function belongsToLater(findings: readonly Finding[], index: number): boolean {
  const part = findings[index];
  if (part === undefined) return false;
  return findings.slice(index + 1).some((whole) => COMBINING.has(whole.keyword) && isPart(part, whole));
}

/** The findings of a combination, branch by branch; those of `contains` are omitted. */
function partsOf(findings: readonly Finding[], index: number, data: unknown): Violation[] {
  const whole = findings[index];
  if (whole === undefined || whole.keyword === "contains") return [];
  const byBranch = new Map<string, Finding[]>();
  for (const part of findings.slice(0, index)) {
    if (!isPart(part, whole)) continue;
    const branch =
      whole.keyword === "if" ? "" : (part.schemaPath.slice(whole.schemaPath.length + 1).split("/")[0] ?? "");
    const known = byBranch.get(branch);
    if (known) known.push(part);
    else byBranch.set(branch, [part]);
  }
  return [...byBranch.values()].flatMap((branch) => render(grouped(branch, data)) ?? []);
}

/** The fault of a member's name is reported at the place of its value. */
function placeOf({ instancePath, propertyName }: Finding): string {
  return propertyName === undefined ? instancePath : `${instancePath}/${escapePointer(propertyName)}`;
}

function groupAt(root: Group, instancePath: string): Group {
  let group = root;
  for (const step of instancePath.split("/").slice(1)) {
    let child = group.children.get(step);
    if (child === undefined) {
      const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
      const data =
        Array.isArray(group.data) || isObject(group.data) ? (group.data as Record<string, unknown>)[name] : undefined;
      child = { pointer: `${group.pointer}/${step}`, data, own: [], children: new Map() };
      group.children.set(step, child);
    }
    group = child;
  }
  return group;
}

/** The order in which the server checks the keywords of a schema. */
const ORDER = [
  [
    "type",
    "enum",
    "required",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "dependencies",
    "additionalProperties",
  ],
  ["minLength", "maxLength", "pattern", "format"],
  ["minItems", "maxItems", "uniqueItems", "additionalItems", "contains"],
].flat();

function render(group: Group): Violation | undefined {
  const rank = ({ keyword }: Violation): number =>
    ORDER.indexOf(keyword) + (ORDER.includes(keyword) ? 0 : ORDER.length + 1);
  const own = group.own.toSorted((a, b) => rank(a) - rank(b));
  const nested = childrenInOrder(group).flatMap((child) => render(child) ?? []);
  const all = [...own, ...nested];
  if (all.length <= 1) return all[0];
  const leaves = all.reduce((sum, violation) => sum + violation.leaves, 0);
  const first = `${group.pointer}: ${leaves} schema violations found`;
  return { keyword: "", lines: [first, ...all.flatMap(({ lines }) => lines)], leaves };
}

function childrenInOrder({ data, children }: Group): Group[] {
  const steps = Array.isArray(data)
    ? [...children.keys()].sort((a, b) => Number(a) - Number(b))
    : hashMapOrder([...children.keys()]);
  return steps.flatMap((step) => children.get(step) ?? []);
}
