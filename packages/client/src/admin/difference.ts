/**
 * What stands between a resource as the server has it and as somebody wants it: only what is wanted counts, and what differs
 * in nothing but white space, order where order means nothing, or `null` for "none" is no difference.
 * @pure
 */

export interface Change {
  /** Where, e.g. `annotations.example.org/team` or `schema.schema#/properties/order`. */
  readonly path: string;
  /** `undefined`: it is not there yet. */
  readonly before: unknown;
  /** `undefined`: it is to go. */
  readonly after: unknown;
}

export interface Difference {
  readonly action: "create" | "update" | "none";
  readonly changes: readonly Change[];
}

type Members = Readonly<Record<string, unknown>>;

/** Set by the server, whatever a request says (protocol 2.1, 5.1.2). */
const SERVERS = new Set(["id", "created_at", "updated_at", "status"]);
/** Of these, members that are not mentioned stay; every other object is replaced as a whole. */
const MERGED = new Set(["schema", "options"]);

/** @param current `undefined` where there is none yet */
export function differenceOf(current: object | undefined, wanted: object): Difference {
  const changes = membersOf(wanted).flatMap(([name, after]) =>
    changesOf(name, current && ownMember(current, name), after, MERGED.has(name)),
  );
  if (current === undefined) return { action: "create", changes };
  return { action: changes.length === 0 ? "none" : "update", changes };
}

/** The resource to send: as it is, with what is wanted. */
export function merged<T extends object>(current: T, wanted: object): T {
  const members = membersOf(wanted)
    // What does not differ stays to the letter: another text of the same schema would be another version of it.
    .filter(([name, after]) => changesOf(name, ownMember(current, name), after, MERGED.has(name)).length > 0)
    .map(([name, after]): [string, unknown] => {
      const before = ownMember(current, name);
      return [name, MERGED.has(name) && isObject(before) && isObject(after) ? { ...before, ...after } : after];
    });
  return { ...current, ...Object.fromEntries(members) };
}

/** One line for what is to be done, and one for each change. */
export function renderDifference({ action, changes }: Difference): string {
  const lines = changes.map(({ path, before, after }) => {
    if (before === undefined) return `  + ${path}: ${shown(after)}`;
    return after === undefined ? `  - ${path}: ${shown(before)}` : `  ~ ${path}: ${shown(before)} → ${shown(after)}`;
  });
  return [action === "none" ? "nothing to change" : action, ...lines].join("\n");
}

/** `null` asks for nothing: for optional members the server takes it so, or keeps what is there. */
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

/** Names are anybody's: those that every object inherits, too. */
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

/** JSON in which the order of members means nothing. */
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

/** Enough to recognise it. */
const MAX_SHOWN = 120;

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
