/** Why a broker does not start, and what to do about it. */
import { BrokerOptionsError, DataDirectoryError, NoSuchEngineError, type StorageOption } from "nakadi-broker";
import { EXIT } from "../../exit-codes.ts";
import { describe, Failure } from "../../failure.ts";

export interface StartedWith {
  host: string;
  port: number;
  storage: StorageOption;
}

export function startFailure(error: unknown, { host, port, storage }: StartedWith): Failure {
  if (error instanceof DataDirectoryError) return new Failure(error.message);
  if (error instanceof BrokerOptionsError || error instanceof NoSuchEngineError)
    return new Failure(error.message, EXIT.usage);
  const refusal = systemError(error);
  if (refusal && isOfListening(refusal, host))
    return new Failure(`cannot listen on ${host} port ${port}: ${listeningAdvice(refusal, port)}`);
  const unreachable = refusal?.code === undefined ? undefined : UNREACHABLE[refusal.code];
  if (refusal && unreachable !== undefined && typeof storage === "string")
    return new Failure(
      `cannot reach the storage ${storage.split(":", 1)[0]}: ${serverOf(refusal)} ${unreachable}. Look at its URL, and whether it runs`,
    );
  return new Failure(`cannot start a broker: ${describe(error)}`);
}

/** What connections to the servers of a storage end with. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOTFOUND: "is not a known host",
  EAI_AGAIN: "cannot be looked up, for the name server does not answer",
  ECONNREFUSED: "accepts no connection",
  ECONNRESET: "has closed the connection",
  EHOSTUNREACH: "cannot be reached from here",
  ENETUNREACH: "cannot be reached from here",
  ETIMEDOUT: "does not answer",
};

interface SystemError extends NodeJS.ErrnoException {
  hostname?: string;
  address?: string;
  port?: number;
}

/** The error of the system that caused `error`: drivers wrap it, and one of several addresses has several. */
function systemError(error: unknown): SystemError | undefined {
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at);) {
    seen.add(at);
    if ("syscall" in at) return at as SystemError;
    at = at instanceof AggregateError ? (at.errors as unknown[])[0] : at.cause;
  }
  return undefined;
}

function isOfListening({ syscall, hostname }: SystemError, host: string): boolean {
  return syscall === "listen" || syscall === "bind" || (syscall === "getaddrinfo" && hostname === host);
}

/** Host and port, and nothing else of the URL: that may hold a password. */
function serverOf({ hostname, address, port }: SystemError): string {
  const host = hostname ?? address ?? "its server";
  return port === undefined ? host : `${host} port ${port}`;
}

function listeningAdvice({ code, message }: SystemError, port: number): string {
  switch (code) {
    case "EADDRINUSE":
      return `the port is in use. Stop what uses it, or choose another one: --port ${port + 1}, or --port 0 for any`;
    case "EACCES":
      return "not allowed. Ports below 1024 need more rights: choose a higher one";
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "this machine has no such address. Try --host 127.0.0.1";
    default:
      return message;
  }
}
