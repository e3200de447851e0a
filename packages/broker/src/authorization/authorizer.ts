/**
 * Who may do what (protocol 0.1, 0.6): each check of the broker goes through one port. Without authentication it allows
 * everything, and everybody is an administrator.
 * @pure
 */
import type { AuthorizationAttribute, Subscription } from "nakadi-protocol";
import { ProblemError } from "../problems.ts";

export type Operation = "ADMIN" | "READ" | "WRITE" | "VIEW";

export interface Resource {
  type: "event-type" | "subscription" | "event" | "nakadi";
  name: string;
  /** Its own section; null where everybody may do everything. */
  authorization: Readonly<Partial<Record<"admins" | "readers" | "writers", readonly AuthorizationAttribute[]>>> | null;
}

export interface Authorizer {
  /** Whether `subject` may do it. */
  allows(subject: string, operation: Operation, resource: Resource): Promise<boolean>;
}

export const allowAll: Authorizer = { allows: () => Promise.resolve(true) };

/** Who asks where there is no authentication. */
const NOBODY = "unauthenticated";

/** The server as a whole: who administers it may do what others may not. */
const NAKADI: Resource = { type: "nakadi", name: "nakadi", authorization: null };

/** What one caller may do. */
export class Access {
  readonly subject: string;
  readonly #authorizer: Authorizer;

  constructor(authorizer: Authorizer, subject: string = NOBODY) {
    this.#authorizer = authorizer;
    this.subject = subject;
  }

  /** @throws {ProblemError} 403 */
  async demand(operation: Operation, resource: Resource): Promise<void> {
    if (await this.#authorizer.allows(this.subject, operation, resource)) return;
    throw new ProblemError(403, `Access on ${operation} ${resource.type}:${resource.name} denied`);
  }

  async may(operation: Operation, resource: Resource): Promise<boolean> {
    return this.#authorizer.allows(this.subject, operation, resource);
  }

  async isAdmin(): Promise<boolean> {
    return this.may("ADMIN", NAKADI);
  }

  /** @throws {ProblemError} 403 with the sentence of the endpoint */
  async demandAdmin(sentence: string): Promise<void> {
    if (!(await this.isAdmin())) throw new ProblemError(403, sentence);
  }
}

export function subscriptionResource({ id, authorization }: Subscription): Resource {
  return { type: "subscription", name: id, authorization: authorization ?? null };
}

export function eventTypeResource({
  name,
  authorization,
}: {
  name: string;
  authorization: Resource["authorization"];
}): Resource {
  return { type: "event-type", name, authorization };
}
