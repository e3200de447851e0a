/**
 * Permissions (protocol 0.1, 0.6): each check of the broker goes through one port. Without authentication it allows
 * everything, and each caller is an administrator.
 * @pure
 */
import type { AuthorizationAttribute, Subscription } from "nakadi-protocol";
import { ProblemError } from "../problems.ts";

export type Operation = "ADMIN" | "READ" | "WRITE" | "VIEW";

export interface Resource {
  type: "event-type" | "subscription" | "event" | "nakadi";
  name: string;
  /** The resource's authorization section; null allows everything to all. */
  authorization: Readonly<Partial<Record<"admins" | "readers" | "writers", readonly AuthorizationAttribute[]>>> | null;
}

export interface Authorizer {
  /** Whether `subject` may perform the operation. */
  allows(subject: string, operation: Operation, resource: Resource): Promise<boolean>;
}

export const allowAll: Authorizer = { allows: () => Promise.resolve(true) };

/** The caller's name without authentication. */
const UNAUTHENTICATED = "unauthenticated";

/** The server as a resource: its administrators have additional permissions. */
const NAKADI: Resource = { type: "nakadi", name: "nakadi", authorization: null };

/** The permissions of one caller. */
export class Access {
  readonly subject: string;
  readonly #authorizer: Authorizer;

  constructor(authorizer: Authorizer, subject: string = UNAUTHENTICATED) {
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

  /** @throws {ProblemError} 403 with `sentence` */
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
