/**
 * Which server a command talks to, and with which token: flags beat environment, environment beats context.
 * @pure
 */
import { Failure } from "../failure.ts";
import { EXIT } from "../exit-codes.ts";
import type { ConfigFile, StoredContext } from "./config-file.ts";
import type { TokenReference } from "./token-reference.ts";

export interface ConnectionFlags {
  url?: string;
  context?: string;
  tokenFile?: string;
  tokenEnv?: string;
}

/** A value, and for people where it came from. */
interface Sourced<T> {
  value: T;
  source: string;
}

export interface Connection {
  url: Sourced<string>;
  token: Sourced<TokenReference> | undefined;
  /** The context that was looked at, if any. */
  context: Sourced<string> | undefined;
}

export const DEFAULT_URL = "http://localhost:8080";

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws {Failure} if the context that is named does not exist, or the address is none */
export function resolveConnection(flags: ConnectionFlags, env: Environment, config: ConfigFile): Connection {
  const context = chosenContext(flags, env, config);
  const stored = context && storedContext(context, config);
  const url = chosenUrl(flags, env, context?.value, stored);
  demandUrl(url);
  return { url, token: chosenToken(flags, env, context?.value, stored), context };
}

function chosenContext(
  { context }: ConnectionFlags,
  env: Environment,
  { current }: ConfigFile,
): Sourced<string> | undefined {
  if (context !== undefined) return { value: context, source: "--context" };
  if (env["NAKADI_CONTEXT"]) return { value: env["NAKADI_CONTEXT"], source: "NAKADI_CONTEXT" };
  return current === undefined ? undefined : { value: current, source: "nakadi context use" };
}

function storedContext({ value, source }: Sourced<string>, { contexts }: ConfigFile): StoredContext {
  const stored = Object.hasOwn(contexts, value) ? contexts[value] : undefined;
  if (stored) return stored;
  const names = Object.keys(contexts);
  const known = names.length === 0 ? "there are none yet" : `there are: ${names.join(", ")}`;
  throw new Failure(
    `there is no context "${value}" (named by ${source}); ${known}. \`nakadi context add\` adds one`,
    EXIT.usage,
  );
}

function chosenUrl(
  { url }: ConnectionFlags,
  env: Environment,
  context: string | undefined,
  stored: StoredContext | undefined,
): Sourced<string> {
  if (url !== undefined) return { value: url, source: "--url" };
  if (env["NAKADI_URL"]) return { value: env["NAKADI_URL"], source: "NAKADI_URL" };
  if (stored) return { value: stored.url, source: `context ${context}` };
  return { value: DEFAULT_URL, source: "default" };
}

/** A context's token belongs to the context's server: it is never sent to one that a flag or variable names. */
function chosenToken(
  { url, tokenFile, tokenEnv }: ConnectionFlags,
  env: Environment,
  context: string | undefined,
  stored: StoredContext | undefined,
): Sourced<TokenReference> | undefined {
  if (tokenFile !== undefined) return { value: { file: tokenFile }, source: "--token-file" };
  if (tokenEnv !== undefined) return { value: { env: tokenEnv }, source: "--token-env" };
  if (env["NAKADI_TOKEN"]) return { value: { env: "NAKADI_TOKEN" }, source: "NAKADI_TOKEN" };
  if (env["NAKADI_TOKEN_FILE"]) return { value: { file: env["NAKADI_TOKEN_FILE"] }, source: "NAKADI_TOKEN_FILE" };
  const elsewhere = [url, env["NAKADI_URL"]].some((given) => given && given !== stored?.url);
  return stored?.token && !elsewhere ? { value: stored.token, source: `context ${context}` } : undefined;
}

function demandUrl({ value, source }: Sourced<string>): void {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const more = url && `${url.username}${url.password}${url.search}${url.hash}`;
  if (more === "" && (url?.protocol === "http:" || url?.protocol === "https:")) return;
  throw new Failure(
    `${source}: the address of a server looks like ${DEFAULT_URL}, without name, password or query in it`,
    EXIT.usage,
  );
}
