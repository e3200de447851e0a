/** `nakadi-conformance URL`: plays the stories against a server, one line a story. */
import { parseArgs } from "node:util";
import { type NakadiError, UndiciTransport } from "nakadi-client";
import { type Outcome, playAll } from "./play.ts";
import { stories } from "./stories.ts";
import type { Story } from "./story.ts";
import type { Target } from "./target.ts";

export interface CommandContext {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
  env: Readonly<Record<string, string | undefined>>;
  /** Its abort ends all stories. */
  signal: AbortSignal;
}

const DEFAULT_JOBS = 4;
const MAX_JOBS = 64;
const REACH_MS = 10_000;

const HELP = `Usage: nakadi-conformance URL [options]

Plays stories against a Nakadi server: each shows whether one rule of the protocol holds there.
Names are unique and everything that a story creates is deleted again, so the server may be in use.

  --only TEXT   stories whose name contains TEXT; several times: any of them
  --strict      also what only nakadi-broker promises, beyond a real Nakadi
  --jobs N      stories at a time, 1 to ${MAX_JOBS} (default ${DEFAULT_JOBS})
  --json        one JSON object a story, and one for the whole
  --list        names the stories and plays none
  --help        this

The environment variable NAKADI_TOKEN holds a token, where the server asks for one.
Stories that break connections need an http: URL and the package nakadi-testing.
Exit code 0 if none failed, 1 if any did, 2 if nothing could be played.
`;

/** Runs the command line `args`; says how the process should end. */
export async function runCommand(args: readonly string[], context: CommandContext): Promise<0 | 1 | 2> {
  const { stdout, stderr, env, signal } = context;
  let command: CommandLine;
  try {
    command = parsed(args);
  } catch (error) {
    stderr.write(`nakadi-conformance: ${(error as Error).message} (--help says more)\n`);
    return 2;
  }
  if (command.help) stdout.write(HELP);
  else if (command.list) for (const { name, about } of command.chosen) stdout.write(`${name}  ${about}\n`);
  if (command.help || command.list) return 0;

  const unreachable = await whyUnreachable(command.url, signal);
  if (unreachable !== undefined) {
    stderr.write(`nakadi-conformance: ${command.url} cannot be reached: ${unreachable}\n`);
    return 2;
  }
  const target: Target = {
    baseUrl: command.url,
    strict: command.strict,
    ...(env["NAKADI_TOKEN"] ? { token: env["NAKADI_TOKEN"] } : {}),
    ...(await faultProxyIfInstalled()),
  };
  const told = (outcome: Outcome): void => {
    stdout.write(command.json ? `${JSON.stringify(outcome)}\n` : lineOf(outcome));
  };
  const tally = await playAll(command.chosen, target, { jobs: command.jobs, told, signal });
  const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : "";
  stdout.write(
    command.json ? `${JSON.stringify(tally)}\n` : `${tally.passed} passed, ${tally.failed} failed${skipped}\n`,
  );
  return tally.failed > 0 ? 1 : 0;
}

interface CommandLine {
  url: string;
  chosen: readonly Story[];
  jobs: number;
  strict: boolean;
  json: boolean;
  list: boolean;
  help: boolean;
}

function parsed(args: readonly string[]): CommandLine {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      only: { type: "string", multiple: true, default: [] },
      jobs: { type: "string", default: String(DEFAULT_JOBS) },
      strict: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { only, strict, json, list, help } = values;
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > MAX_JOBS)
    throw new Error(`--jobs is a number from 1 to ${MAX_JOBS}`);
  const chosen = stories.filter(({ name }) => only.length === 0 || only.some((text) => name.includes(text)));
  if (chosen.length === 0) throw new Error("no story has such a name");
  const [url = "", ...others] = positionals;
  if (!help && !list) {
    if (others.length > 0 || !/^https?:/.test(url) || !URL.canParse(url)) {
      throw new Error("give one URL, e.g. http://localhost:8080");
    }
  }
  return { url, chosen, jobs, strict, json, list, help };
}

/** Any answer shows that a server is there. */
async function whyUnreachable(url: string, signal: AbortSignal): Promise<string | undefined> {
  const transport = new UndiciTransport(url);
  try {
    await transport.request(
      { method: "GET", path: "/health", headers: {} },
      { timeoutMs: REACH_MS, maxBytes: 65_536 },
      signal,
    );
    return undefined;
  } catch (error) {
    return (error as NakadiError).message;
  } finally {
    await transport.close();
  }
}

/** The proxy comes with a broker, which a test of another server does not need. */
async function faultProxyIfInstalled(): Promise<Pick<Target, "faultProxy">> {
  try {
    const { FaultProxy } = await import("nakadi-testing");
    return { faultProxy: (target) => FaultProxy.start(target) };
  } catch {
    return {};
  }
}

function lineOf(outcome: Outcome): string {
  switch (outcome.outcome) {
    case "passed":
      return `ok    ${outcome.story} (${outcome.durationMs} ms)\n`;
    case "skipped":
      return `skip  ${outcome.story}: ${outcome.reason}\n`;
    case "failed":
      return `FAIL  ${outcome.story} (${outcome.durationMs} ms)\n${outcome.error.replace(/^/gm, "      ")}\n`;
  }
}
