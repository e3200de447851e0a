/**
 * The cursors of a commit or a reset, as they were sent and as positions (protocol 2.9, 3.13).
 * @pure
 */
import type { Cursor } from "nakadi-protocol";
import { Members } from "../request-body.ts";

/**
 * @param requireToken commits need a cursor token, whatever it is; resets do not
 * @throws {ProblemError} 400
 * @throws {ValidationError}
 */
export function cursorItems(body: unknown, { requireToken }: { requireToken: boolean }): Cursor[] {
  const members = Members.of(body);
  const items = members.objects("items");
  if (items === null) members.violate("items", "must not be null");
  const cursors = (items ?? []).map((item) => ({
    partition: item.requiredText("partition", "cursor partition cannot be empty"),
    offset: item.requiredText("offset", "cursor offset cannot be empty"),
    event_type: item.requiredText("event_type"),
    cursor_token: requireToken ? item.requiredText("cursor_token") : "",
  }));
  members.demandValid();
  return cursors;
}
