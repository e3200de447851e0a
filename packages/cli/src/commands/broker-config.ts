/** What `nakadi broker` starts with: its flags, which beat the file that `--config` names, which beats the defaults. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { BrokerOptions, StorageOption } from "nakadi-broker";
import { meant } from "nakadi-protocol";
import { EXIT } from "../exit-codes.ts";
import { Failure } from "../failure.ts";

export interface BrokerFlags {
  host?: string;
  port?: number;
  /** The directory where everything is kept. */
  data?: string;
  /** A URL: where everything is kept. */
  storage?: string;
  memory?: boolean;
  profile?: string;
  /** `name=value`, one each. */
  limit?: readonly string[];
  /** A file of YAML or JSON. */
  config?: string;
}

/** The broker checks the values; what it would not even look at is refused here. */
export type BrokerSettings = Pick<BrokerOptions, "profile" | "limits" | "deletableSubscription"> & {
  host: string;
  port: number;
  storage: StorageOption;
};

const MEMBERS = ["host", "port", "data", "storage", "profile", "limits", "deletableSubscription"] as const;
type ConfigFile = Partial<Record<(typeof MEMBERS)[number], unknown>>;

/** @throws {Failure} for a file that cannot be read or has an unknown setting, and for a limit that is not a number */
export async function brokerSettings(flags: BrokerFlags): Promise<BrokerSettings> {
  const file = flags.config === undefined ? {} : await readBrokerConfig(flags.config);
  const { host = "127.0.0.1", port = 8080, profile, limits = {}, deletableSubscription } = { ...file, ...given(flags) };
  const settings = {
    host,
    port,
    storage: storageOf(flags) ?? storageOf(file) ?? "memory",
    limits: { ...(limits as object), ...limitFlags(flags.limit ?? []) },
    ...(profile !== undefined && { profile }),
    ...(deletableSubscription !== undefined && { deletableSubscription }),
  };
  return settings as BrokerSettings;
}

/** The broker checks what a URL is. */
function storageOf({ data, storage, memory }: { data?: unknown; storage?: unknown; memory?: boolean }): unknown {
  if (data === "") throw new Failure("--data needs the name of a directory", EXIT.usage);
  if (data !== undefined) return { directory: data };
  return storage ?? (memory ? "memory" : undefined);
}

function given({ host, port, profile }: BrokerFlags): ConfigFile {
  const flags = Object.entries({ host, port, profile });
  return Object.fromEntries(flags.filter(([, value]) => value !== undefined));
}

function limitFlags(flags: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    flags.map((flag) => {
      const [, name = "", digits = ""] = /^(\w+)=([0-9]+)$/.exec(flag) ?? [];
      if (name === "") throw new Failure(`--limit ${flag}: it takes NAME=NUMBER, as maxPartitions=20`, EXIT.usage);
      return [name, Number(digits)];
    }),
  );
}

async function readBrokerConfig(path: string): Promise<ConfigFile> {
  const config = await parsed(path, await textOf(path));
  const unknown = Object.keys(config).filter((name) => !(MEMBERS as readonly string[]).includes(name));
  if (unknown.length > 0)
    throw wrong(
      path,
      `there is no setting ${unknown.join(", ")}; there are: ${MEMBERS.join(", ")}${meant(unknown[0] ?? "", MEMBERS)}`,
    );
  for (const name of ["limits", "deletableSubscription"] as const)
    if (config[name] !== undefined && !isMap(config[name])) throw wrong(path, `${name} must be a map`);
  if (config.data !== undefined && config.storage !== undefined)
    throw wrong(path, "data and storage cannot be given together");
  if (config.storage !== undefined && typeof config.storage !== "string")
    throw wrong(path, "storage must be a URL, such as directory:./data");
  if (config.data === undefined) return config;
  if (typeof config.data !== "string") throw wrong(path, "data must be the name of a directory");
  return { ...config, data: resolve(dirname(path), config.data) };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new Failure(`cannot read ${path}: ${(error as Error).message}`, EXIT.usage);
  }
}

async function parsed(path: string, text: string): Promise<ConfigFile> {
  const { parse } = await import("yaml");
  let config: unknown;
  try {
    config = parse(text) ?? {};
  } catch (error) {
    throw wrong(path, (error as Error).message.split("\n", 1)[0] ?? "");
  }
  if (isMap(config)) return config;
  throw wrong(path, "it must be a map of settings");
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(path: string, what: string): Failure {
  return new Failure(`${path}: ${what}`, EXIT.usage);
}
