/**
 * Settings of the server, for its admins (protocol 6.2 to 6.4).
 * @pure
 */
import type { Authorization, AuthorizationAttribute } from "./authorization.ts";

/** Applications, by their client id, and event types that may neither consume nor publish. */
export interface Blacklist {
  consumers: { event_types: string[]; apps: string[] };
  producers: { event_types: string[]; apps: string[] };
}

/** What an entry of the blacklist stops; exactly so, in capitals. */
export type BlacklistType = "CONSUMER_APP" | "CONSUMER_ET" | "PRODUCER_APP" | "PRODUCER_ET";

/** A switch of the server. Protocol 6.3 lists the names; unknown ones are refused with 400. */
export interface Feature {
  /** In lower case, e.g. `disable_event_type_creation`. */
  feature: string;
  enabled: boolean;
}

/** Subjects that may administer the server. No list may be empty; those that the server was configured with stay in any case. */
export interface Admins extends Authorization {
  writers: AuthorizationAttribute[];
}
