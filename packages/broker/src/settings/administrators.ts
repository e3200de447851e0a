/**
 * The administrators of the server (protocol 6.4): one metadata record of kind `administrators`. Configured administrators
 * cannot be removed.
 */
import type { AuthorizationAttribute } from "nakadi-protocol";
import type { MetadataPort } from "nakadi-storage";
import { demandNoDuplicates, readAttributeLists } from "../authorization/section.ts";
import { Members } from "../request-body.ts";

type List = "admins" | "readers" | "writers";
export type AdministratorLists = Record<List, AuthorizationAttribute[]>;

const LISTS: readonly List[] = ["admins", "readers", "writers"];
const KIND = "administrators";
const ID = "nakadi";

/** Without authentication callers have no name, but the protocol has no empty lists. */
const CONFIGURED: AuthorizationAttribute = { data_type: "service", value: "nakadi" };

export class Administrators {
  readonly #metadata: MetadataPort;

  constructor(metadata: MetadataPort) {
    this.#metadata = metadata;
  }

  async lists(): Promise<AdministratorLists> {
    const stored = await this.#metadata.get<AdministratorLists>(KIND, ID);
    return withConfigured(stored?.value ?? { admins: [], readers: [], writers: [] });
  }

  /**
   * Replaces all three lists with those of `body`, parsed JSON.
   * @throws {ProblemError} 400, 422
   * @throws {ValidationError} for a list that is absent or empty
   */
  async replace(body: unknown): Promise<void> {
    const lists = readLists(body);
    demandNoDuplicates(lists);
    await this.#metadata.write([{ kind: KIND, id: ID, expect: "any", value: lists }]);
  }
}

function readLists(body: unknown): AdministratorLists {
  const members = Members.of(body);
  const lists = readAttributeLists(members, LISTS);
  members.demandValid();
  return lists;
}

function withConfigured(lists: AdministratorLists): AdministratorLists {
  const complete = (list: readonly AuthorizationAttribute[]): AuthorizationAttribute[] => {
    const others = list.filter(({ data_type, value }) => `${data_type}:${value}` !== "service:nakadi");
    return [CONFIGURED, ...others];
  };
  return { admins: complete(lists.admins), readers: complete(lists.readers), writers: complete(lists.writers) };
}
