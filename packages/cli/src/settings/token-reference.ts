/** Where a token is to be found: contexts name the place, so that the token itself is stored nowhere twice. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { fileToken, type TokenProvider } from "nakadi-client";
import { Failure } from "../failure.ts";

export type TokenReference =
  | { readonly env: string }
  | { readonly file: string }
  /** Run by the shell; its standard output is the token. */
  | { readonly command: string }
  /** The token itself; only where it was asked for. */
  | { readonly plain: string };

const KINDS = ["env", "file", "command", "plain"] as const;
const COMMAND_TIMEOUT_MS = 30_000;

export function isTokenReference(value: unknown): value is TokenReference {
  if (typeof value !== "object" || value === null) return false;
  const [entry, ...more] = Object.entries(value);
  return more.length === 0 && KINDS.some((kind) => kind === entry?.[0]) && typeof entry?.[1] === "string";
}

/** For people: never the token. */
export function describeToken(reference: TokenReference): string {
  if ("env" in reference) return `environment variable ${reference.env}`;
  if ("file" in reference) return `file ${reference.file}`;
  if ("command" in reference) return `output of \`${reference.command}\``;
  return "stored in plain text";
}

export function tokenProviderOf(
  reference: TokenReference,
  env: Readonly<Record<string, string | undefined>>,
): TokenProvider {
  if ("plain" in reference) return () => reference.plain;
  if ("file" in reference) return fileToken(reference.file);
  if ("command" in reference) return commandToken(reference.command);
  return () => {
    const token = env[reference.env]?.trim();
    if (token) return token;
    throw new Failure(`the token is to be in the environment variable ${reference.env}, which is not set`);
  };
}

/** Runs once, and again when the server has refused the token. */
function commandToken(command: string): TokenProvider {
  let known: Promise<string> | undefined;
  return ({ refresh }) => {
    if (refresh) known = undefined;
    known ??= outputOf(command).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

async function outputOf(command: string): Promise<string> {
  const shell = process.platform === "win32" ? ["cmd", "/c"] : ["/bin/sh", "-c"];
  const [program = "", ...flags] = shell;
  let token: string;
  try {
    const { stdout } = await promisify(execFile)(program, [...flags, command], { timeout: COMMAND_TIMEOUT_MS });
    token = stdout.trim();
  } catch {
    // What the command wrote may hold the token.
    throw new Failure(`the command for the token, \`${command}\`, failed. Run it by hand to see why`);
  }
  if (token === "") throw new Failure(`the command for the token, \`${command}\`, printed nothing`);
  return token;
}
