/**
 * The difference between a resource on the server and the wanted one. Members that are not mentioned do not count, nor do white
 * space of schemas, the order of sets, and `null` for a missing member.
 * @pure
 */

export interface Change {
  /** Path of the member, e.g. `annotations.example.org/team` or `schema.schema#/properties/order`. */
  readonly path: string;
  /** `undefined`: the member is added. */
  readonly before: unknown;
  /** `undefined`: the member is removed. */
  readonly after: unknown;
}

export interface Difference {
  readonly action: "create" | "update" | "none";
  readonly changes: readonly Change[];
}

type Members = Readonly<Record<string, unknown>>;

/** Set by the server; values in a request are ignored (protocol 2.1, 5.1.2). */
const SERVERS = new Set(["id", "created_at", "updated_at", "status"]);
/** Objects whose unmentioned members stay; every other object is replaced as a whole. */
const MERGED = new Set(["schema", "options"]);

/** @param current `undefined` if the resource does not exist */
export function differenceOf(current: object | undefined, wanted: object): Difference {
  const changes = membersOf(wanted).flatMap(([name, after]) =>
    changesOf(name, current && ownMember(current, name), after, MERGED.has(name)),
  );
  if (current === undefined) return { action: "create", changes };
  return { action: changes.length === 0 ? "none" : "update", changes };
}

/** The resource to send: the current one with the wanted members. */
export function merged<T extends object>(current: T, wanted: object): T {
  const members = membersOf(wanted)
    // Equal members keep their text: another text of an equal schema would create a version.
    .filter(([name, after]) => changesOf(name, ownMember(current, name), after, MERGED.has(name)).length > 0)
    .map(([name, after]): [string, unknown] => {
      const before = ownMember(current, name);
      return [name, MERGED.has(name) && isObject(before) && isObject(after) ? { ...before, ...after } : after];
    });
  return { ...current, ...Object.fromEntries(members) };
}

/** One line for the action and one for each change. */
export function renderDifference({ action, changes }: Difference): string {
  const lines = changes.map(({ path, before, after }) => {
    if (before === undefined) return `  + ${path}: ${shown(after)}`;
    return after === undefined ? `  - ${path}: ${shown(before)}` : `  ~ ${path}: ${shown(before)} → ${shown(after)}`;
  });
  return [action === "none" ? "nothing to change" : action, ...lines].join("\n");
}

/** Without members that are `null`: the server treats them as missing. */
function membersOf(wanted: object): [string, unknown][] {
  return Object.entries(wanted).filter(([name, value]) => (value ?? undefined) !== undefined && !SERVERS.has(name));
}

function changesOf(path: string, before: unknown, after: unknown, merge: boolean): Change[] {
  if (path === "schema.version" || path === "schema.created_at") return [];
  if (path === "schema.schema") return schemaChanges(path, before, after);
  if (isObject(before) && isObject(after)) {
    const names = merge ? Object.keys(after) : [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) =>
      changesOf(`${path}.${name}`, ownMember(before, name), ownMember(after, name), false),
    );
  }
  return equal(before, after, path.startsWith("authorization.")) ? [] : [change(path, before, after)];
}

/** Schemas are compared as documents and not as texts. */
function schemaChanges(path: string, before: unknown, after: unknown): Change[] {
  const [old, next] = [parsed(before), parsed(after)];
  if (!isObject(old) || !isObject(next)) return before === after ? [] : [change(path, before, after)];
  return documentChanges(`${path}#`, old, next);
}

function documentChanges(path: string, before: unknown, after: unknown): Change[] {
  if (!isObject(before) || !isObject(after)) return equal(before, after, false) ? [] : [change(path, before, after)];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) =>
    documentChanges(
      `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
      ownMember(before, name),
      ownMember(after, name),
    ),
  );
}

/** A member may have the name of an inherited one, e.g. `constructor`. */
function ownMember(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as Members)[name] : undefined;
}

function change(path: string, before: unknown, after: unknown): Change {
  return { path, before: before ?? undefined, after: after ?? undefined };
}

function equal(a: unknown, b: unknown, asSets: boolean): boolean {
  if (Array.isArray(a) && Array.isArray(b) && asSets) return canonical(setOf(a)) === canonical(setOf(b));
  return canonical(a ?? null) === canonical(b ?? null);
}

function setOf(list: readonly unknown[]): string[] {
  return [...new Set(list.map(canonical))].toSorted();
}

/** JSON with sorted members. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    isObject(member) ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1))) : member,
  );
}

function parsed(text: unknown): unknown {
  try {
    return JSON.parse(String(text)) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Characters of a value that are shown. */
const MAX_SHOWN = 120;

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
