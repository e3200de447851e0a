/** The examination: settings first, then the way to the server step by step, as far as it leads. */
import { existsSync } from "node:fs";
import { NakadiError } from "nakadi-client";
import type { Context } from "../../context.ts";
import { describe } from "../../failure.ts";
import { configPath } from "../../settings/config-file.ts";
import { connectionOf, withClient } from "../../settings/connect.ts";
import type { Connection, ConnectionFlags } from "../../settings/connection.ts";
import { tokenProviderOf } from "../../settings/token-reference.ts";
import type { Finding } from "./finding.ts";
import { type Probed, probe } from "./probe.ts";
import { tokenHealth } from "./token-health.ts";

const TIMEOUT_MS = 10_000;
/** Beyond this, times in events and lags mislead. */
const MAX_SKEW_MS = 5_000;

export async function examine(context: Context, flags: ConnectionFlags): Promise<Finding[]> {
  const path = configPath(context.env);
  const settings: Finding = {
    what: "settings",
    verdict: "good",
    says: existsSync(path) ? path : `${path} (not there: no contexts)`,
  };
  let connection: Connection;
  try {
    connection = await connectionOf(context, flags);
  } catch (error) {
    return [{ ...settings, verdict: "bad", says: describe(error) }];
  }
  const { url } = connection;
  const findings: Finding[] = [
    settings,
    { what: "context", verdict: "good", says: connection.context ? sourced(connection.context) : "none" },
    { what: "server", verdict: "good", says: sourced(url) },
    await token(context, connection),
  ];
  const reached = await reach(url.value, context.signal);
  findings.push(...reached.findings);
  if (reached.isNakadi) findings.push(await access(context, flags));
  return findings;
}

function sourced({ value, source }: { value: string; source: string }): string {
  return `${value} (from ${source})`;
}

async function token({ env }: Context, { token: reference }: Connection): Promise<Finding> {
  if (!reference) return { what: "token", verdict: "good", says: "none" };
  try {
    const found = await tokenProviderOf(reference.value, env)({ refresh: false });
    return tokenHealth(found, reference.source, Date.now());
  } catch (error) {
    return {
      what: "token",
      verdict: "bad",
      says: describe(error),
      todo: `fix ${reference.source}, or name another place`,
    };
  }
}

async function reach(url: string, signal: AbortSignal): Promise<{ findings: Finding[]; isNakadi: boolean }> {
  const startedMs = Date.now();
  let answer: Probed;
  try {
    answer = await probe(`${url.replace(/\/$/, "")}/health`, signal, TIMEOUT_MS);
  } catch (error) {
    signal.throwIfAborted();
    return { findings: [unreachable(url, error)], isNakadi: false };
  }
  const tookMs = Date.now() - startedMs;
  const isNakadi = answer.status === 200;
  const health: Finding = isNakadi
    ? { what: "health", verdict: "good", says: `OK, answered in ${tookMs} ms` }
    : {
        what: "health",
        verdict: "bad",
        says: `${url}/health answers ${answer.status}`,
        todo: "is the address right, with its path? What answers there is no Nakadi, or a sick one",
      };
  return { findings: [health, clocks(answer.date, startedMs, tookMs)], isNakadi };
}

function unreachable(url: string, error: unknown): Finding {
  const code = error instanceof Error && "code" in error ? String(error.code) : describe(error);
  return { what: "health", verdict: "bad", says: `${url} cannot be reached: ${code}`, todo: wayOut(code) };
}

function wayOut(code: string): string {
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return "the name does not resolve: is it spelt right, is the network (VPN) there?";
  if (/^(EPROTO|ERR_SSL)/.test(code)) return "what is there does not speak TLS: is it http:// instead of https://?";
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code))
    return "its certificate is not trusted: NODE_EXTRA_CA_CERTS names a file with your own authority's";
  return "start one there (`nakadi broker`), or name another address: --url, NAKADI_URL, `nakadi context use`";
}

/** A Date header knows whole seconds; half the way belongs to each direction. */
function clocks(date: string | undefined, startedMs: number, tookMs: number): Finding {
  const serverMs = date === undefined ? NaN : Date.parse(date);
  if (Number.isNaN(serverMs)) return { what: "clocks", verdict: "doubtful", says: "the server does not say its time" };
  const skewMs = serverMs + 500 - (startedMs + tookMs / 2);
  const seconds = Math.round(Math.abs(skewMs) / 1_000);
  if (Math.abs(skewMs) <= MAX_SKEW_MS)
    return { what: "clocks", verdict: "good", says: "this machine and the server agree" };
  return {
    what: "clocks",
    verdict: "doubtful",
    says: `the server's clock is ${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} this machine's`,
    todo: "times in events and time lags are off by that much: is one of them without NTP?",
  };
}

async function access(context: Context, flags: ConnectionFlags): Promise<Finding> {
  try {
    const count = await withClient(
      context,
      flags,
      async (nakadi) => (await nakadi.eventTypes.list({ signal: context.signal }).toArray()).length,
    );
    return { what: "access", verdict: "good", says: `may list event types: ${count}` };
  } catch (error) {
    context.signal.throwIfAborted();
    const forbidden = NakadiError.is(error) && error.code === "FORBIDDEN";
    return { what: "access", verdict: forbidden ? "doubtful" : "bad", says: describe(error) };
  }
}
