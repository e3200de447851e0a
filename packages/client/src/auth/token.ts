/** Where tokens come from: a text, a function, the environment, a file that somebody else keeps fresh. */
import { readFile, stat } from "node:fs/promises";
import { ConfigError, TransportError } from "../errors/nakadi-error.ts";

/**
 * Gives the token for a request. `refresh` is true when the server has refused the last one: whoever caches must look again. All
 * requests that were refused with one token share one such call.
 */
export type TokenProvider = (options: { refresh: boolean }) => string | Promise<string>;

export type TokenSource = string | TokenProvider;

/** The token of an environment variable, read at each request. */
export function envToken(name: string): TokenProvider {
  return () => {
    const token = process.env[name]?.trim();
    if (!token) throw new ConfigError(`token: the environment variable ${name}`, "set to a token");
    return token;
  };
}

/** The token in a file, without white space around it; read again when the file changes, and after a 401. */
export function fileToken(path: string): TokenProvider {
  let known: { token: string; modifiedMs: number } | undefined;
  const read = async (refresh: boolean): Promise<string> => {
    const { mtimeMs } = await stat(path).catch(() => unreadable(path));
    if (known && !refresh && known.modifiedMs === mtimeMs) return known.token;
    const token = (await readFile(path, "utf8").catch(() => unreadable(path))).trim();
    if (token === "") throw new ConfigError(`token: the file ${path}`, "a file that holds a token");
    known = { token, modifiedMs: mtimeMs };
    return token;
  };
  return async ({ refresh }) => {
    try {
      return await read(refresh);
    } catch (error) {
      if (!known) throw error;
      // Whoever rotates it may have it away for a moment: that passes.
      if (refresh) throw new TransportError(`the token file ${path} cannot be read for the moment`);
      return known.token;
    }
  };
}

function unreadable(path: string): never {
  throw new ConfigError(`token: the file ${path}`, "a file that can be read");
}

/** A text that a header can carry. */
const SENDABLE = /^[\x21-\x7e]+$/;

/** @throws {ConfigError} if the source is neither a text nor a function, or the text is no token */
export function tokenProvider(source: TokenSource): TokenProvider {
  if (typeof source === "function") {
    return async (options) => demandSendable(await source(options));
  }
  const token = demandSendable(typeof source === "string" ? source.trim() : source);
  return () => token;
}

/** The token itself never becomes part of the message. */
function demandSendable(token: unknown): string {
  if (typeof token === "string" && SENDABLE.test(token)) return token;
  throw new ConfigError("token", "a text of visible ASCII characters, or a function that gives one");
}
