/** What `nakadi context` does to the file of contexts. */
import type { Context } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { Failure } from "../../failure.ts";
import { type Format, render } from "../../output/format.ts";
import type { Column } from "../../output/table.ts";
import { visible } from "../../output/visible.ts";
import {
  type ConfigFile,
  configPath,
  readConfig,
  type StoredContext,
  writeConfig,
} from "../../settings/config-file.ts";
import { resolveConnection } from "../../settings/connection.ts";
import { describeToken, type TokenReference } from "../../settings/token-reference.ts";

export interface AddOptions {
  url: string;
  tokenEnv?: string;
  tokenFile?: string;
  tokenCommand?: string;
  tokenPlain?: string;
}

/** The first one becomes the current one. */
export async function addContext(context: Context, name: string, options: AddOptions): Promise<void> {
  if (!/^[\w.-]+$/.test(name)) {
    throw new Failure(`a context's name is letters, digits, dots, dashes and underscores, not "${name}"`, EXIT.usage);
  }
  resolveConnection({ url: options.url }, {}, { contexts: {} });
  const token = tokenReference(options);
  const stored: StoredContext = { url: options.url, ...(token && { token }) };
  await change(context, ({ current, contexts }) => ({
    current: current ?? name,
    contexts: { ...contexts, [name]: stored },
  }));
  context.stderr.write(
    `${visible(`Context ${name} is ${options.url}, ${token ? `token: ${describeToken(token)}` : "no token"}.`)}\n`,
  );
}

export async function useContext(context: Context, name: string): Promise<void> {
  await change(context, (config) => {
    demandContext(config, name);
    return { ...config, current: name };
  });
  context.stderr.write(`Commands talk to ${visible(name)} from now on.\n`);
}

export async function removeContext(context: Context, name: string): Promise<void> {
  await change(context, (config) => {
    demandContext(config, name);
    const { [name]: _removed, ...contexts } = config.contexts;
    return config.current === name || config.current === undefined
      ? { contexts }
      : { current: config.current, contexts };
  });
  context.stderr.write(`Context ${visible(name)} is gone.\n`);
}

interface Row extends StoredContext {
  name: string;
  current: boolean;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: "CURRENT", cell: ({ current }) => (current ? "*" : "") },
  { title: "NAME", cell: ({ name }) => name },
  { title: "URL", cell: ({ url }) => url },
  { title: "TOKEN", cell: ({ token }) => tokenCell(token) },
];

/** A kind and a place, as `file:/meta/token`; never the token. */
function tokenCell(token: TokenReference | undefined): string {
  if (token === undefined) return "";
  if ("plain" in token) return "plain";
  return Object.entries(token)
    .map(([kind, place]) => `${kind}:${place}`)
    .join();
}

export async function listContexts(context: Context, format: Format): Promise<void> {
  const { current, contexts } = await readConfig(configPath(context.env));
  const rows = Object.entries(contexts).map(([name, stored]) => ({ name, current: name === current, ...stored }));
  if (rows.length === 0)
    context.stderr.write("There are no contexts yet: `nakadi context add NAME --url URL` adds one.\n");
  const text = await render(rows, COLUMNS, format, ({ name, url, token, current }) => ({
    name,
    url,
    token: token ? describeToken(token) : null,
    current,
  }));
  context.stdout.write(text);
}

function tokenReference(options: AddOptions): TokenReference | undefined {
  if (options.tokenEnv !== undefined) return { env: options.tokenEnv };
  if (options.tokenFile !== undefined) return { file: options.tokenFile };
  if (options.tokenCommand !== undefined) return { command: options.tokenCommand };
  return options.tokenPlain === undefined ? undefined : { plain: options.tokenPlain };
}

async function change({ env }: Context, next: (config: ConfigFile) => ConfigFile): Promise<void> {
  const path = configPath(env);
  await writeConfig(path, next(await readConfig(path)));
}

function demandContext({ contexts }: ConfigFile, name: string): void {
  if (Object.hasOwn(contexts, name)) return;
  const names = Object.keys(contexts);
  const known = names.length === 0 ? "There are none yet" : `There are: ${names.join(", ")}`;
  throw new Failure(`there is no context "${name}". ${known}. \`nakadi context add\` adds one`, EXIT.usage);
}
