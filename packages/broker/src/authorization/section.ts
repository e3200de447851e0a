/**
 * Authorization sections of event types and subscriptions: read and checked alike (protocol 2.1, 5.1.2).
 * @pure
 */
import type { AuthorizationAttribute } from "nakadi-protocol";
import { ProblemError } from "../problems.ts";
import type { Members } from "../request-body.ts";

/** The operation that each list allows. */
const OPERATIONS = { admins: "ADMIN", readers: "READ", writers: "WRITE" } as const;
type ListName = keyof typeof OPERATIONS;

/** The member `authorization`, with each of `lists` present and not empty; `null` if it is absent or null. */
export function readAuthorization<L extends ListName>(
  members: Members,
  lists: readonly L[],
): Record<L, AuthorizationAttribute[]> | null {
  if ((members.raw("authorization") ?? null) === null) return null;
  return readAttributeLists(members.object("authorization"), lists);
}

/** The lists of a section, each present and not empty. */
export function readAttributeLists<L extends ListName>(
  section: Members,
  lists: readonly L[],
): Record<L, AuthorizationAttribute[]> {
  const read = lists.map((name): [L, AuthorizationAttribute[]] => [name, readAttributes(section, name)]);
  return Object.fromEntries(read) as Record<L, AuthorizationAttribute[]>;
}

function readAttributes(section: Members, name: ListName): AuthorizationAttribute[] {
  const items = section.objects(name);
  if (items === null) section.violate(name, "must not be null");
  else if (items.length === 0) section.violate(name, "must contain at least one attribute");
  return (items ?? []).map((item) => ({
    data_type: item.requiredText("data_type"),
    value: item.requiredText("value"),
  }));
}

/** @throws {ProblemError} 422 if a list names an attribute twice */
export function demandNoDuplicates(
  authorization: Partial<Record<ListName, readonly AuthorizationAttribute[]>> | null,
): void {
  const faults = Object.entries(OPERATIONS).flatMap(([name, operation]) => {
    const texts = (authorization?.[name as ListName] ?? []).map(({ data_type, value }) => `${data_type}:${value}`);
    const doubled = new Set(texts.filter((text, index) => texts.indexOf(text) < index));
    if (doubled.size === 0) return [];
    return [`authorization property '${operation}' contains duplicated attribute(s): ${[...doubled].join(", ")}`];
  });
  if (faults.length > 0) throw new ProblemError(422, faults.join("; "));
}
