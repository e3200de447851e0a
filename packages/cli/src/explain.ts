/** What a person should know of an error of the client: what was tried, what came back, what to do. */
import { NakadiError } from "nakadi-client";
import { describe, Failure } from "./failure.ts";
import type { Connection } from "./settings/connection.ts";

/** Every Nakadi has them. */
const LISTS = ["GET /event-types", "GET /subscriptions"];

/** Errors of the client become failures with advice; everything else stays as it is. */
export function explained(error: unknown, connection: Connection): unknown {
  if (!NakadiError.is(error)) return error;
  if (error.cause instanceof Failure) return error.cause;
  return new Failure(`${describe(error)}${adviceFor(error, connection)}`);
}

function adviceFor(error: NakadiError, { url, token }: Connection): string {
  const server = `${url.value} (from ${url.source})`;
  switch (error.code) {
    case "TRANSPORT":
      return `. Tried ${server}. Is a broker there? \`nakadi broker\` starts one; --url or \`nakadi context use\` names another`;
    case "TIMEOUT":
      return `. Tried ${server}. \`nakadi doctor\` looks where it hangs`;
    case "UNAUTHORIZED":
      return token
        ? `. The server ${server} does not take the token from ${token.source}. \`nakadi doctor\` shows which one is used`
        : `. The server ${server} wants a token: NAKADI_TOKEN, --token-file, or a context with one`;
    case "FORBIDDEN":
      return ". The token is known, but its owner may not do this: see the authorization section of what you asked for";
    case "NOT_FOUND":
      return LISTS.includes(error.request ?? "") ? `. Is the address right, with its path? Tried ${server}` : "";
    case "PROTOCOL":
      return `. What answers at ${server} does not look like a Nakadi`;
    case "TOO_MANY_REQUESTS":
    case "SERVER":
      return ". This may pass: try again";
    default:
      return "";
  }
}
