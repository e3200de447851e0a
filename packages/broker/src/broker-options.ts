/** The options of `startBroker`, and their checks. */
import { resolve } from "node:path";
import { type Clock, unknownOption } from "nakadi-protocol";
import { isStorageUrl } from "nakadi-storage";
import type { FaultHook, StorageEngine, StorageOption } from "nakadi-storage";
import type { Authorizer } from "./authorization/authorizer.ts";
import { limitFault, PROFILES } from "./limits.ts";
import type { Limits, Profile } from "./limits.ts";
import type { Logger } from "./logger.ts";
import type { FeatureName } from "./settings/features.ts";

export interface BrokerOptions {
  /** Address to listen on. Default `127.0.0.1`; any other makes the broker reachable from other machines. */
  host?: string;
  /** 0..65535; 0 picks a free one. Default 0. */
  port?: number;
  /**
   * Where events and positions are kept. `memory` (default): they end with the process. A directory, which is made where
   * there is none: they are on disk before they are acknowledged; one broker at a time may use it. A URL, whose scheme names
   * the engine: `memory:`, `directory:./data`, `file:///var/lib/nakadi`, any other the package `nakadi-<scheme>`. An engine,
   * as of `nakadi-storage`: where it keeps them; brokers that are given the same one are the nodes of one server.
   */
  storage?: StorageOption;
  /** Default: the system's clock. With a `ManualClock`, tests advance the time. */
  clock?: Clock;
  /** `acceptance`: the limits, features and names that Nakadi's own acceptance tests assume (protocol 0.7). Default: the real server's. */
  profile?: Profile;
  /** Limits that differ from the profile's. */
  limits?: Partial<Limits>;
  /** Subscriptions that are deleted with their event type, instead of keeping it from being deleted. Default: the profile's. */
  deletableSubscription?: DeletableSubscription;
  /** Decides about permissions (protocol 0.6). Default: every caller may do everything. */
  authorizer?: Authorizer;
  /** Default: silent. */
  logger?: Logger;
  /** For tests of crashes: called at the named places between a write and its answer. */
  onFaultPoint?: FaultHook;
}

/** Both must equal those of the subscription (protocol 5.2.5). */
export interface DeletableSubscription {
  owningApplication: string;
  consumerGroup: string;
}

/** An option of `startBroker` is invalid or unknown; nothing was started. The message names the option, its value and the bounds. */
export class BrokerOptionsError extends Error {
  override readonly name = "BrokerOptionsError";
}

export const BROKER_OPTION_NAMES: readonly (keyof BrokerOptions)[] = [
  "host",
  "port",
  "storage",
  "clock",
  "profile",
  "limits",
  "deletableSubscription",
  "authorizer",
  "logger",
  "onFaultPoint",
];

/** Options with methods, and the methods that each must have. */
const CALLED = {
  clock: ["wallMs", "monotonicMs", "schedule"],
  logger: ["debug", "info", "warn", "error"],
  authorizer: ["allows"],
} as const;

const DELETABLE: Readonly<Record<Profile, DeletableSubscription>> = {
  default: { owningApplication: "nakadi_archiver", consumerGroup: "nakadi_to_s3" },
  acceptance: { owningApplication: "deletable_owning_app", consumerGroup: "deletable_consumer_group" },
};

/** Features that are on until an operator switches them off (protocol 6.3). */
const FEATURES_ON: Readonly<Record<Profile, readonly FeatureName[]>> = {
  default: [],
  acceptance: ["kpi_collection", "audit_log_collection", "access_log_enabled", "remote_tokeninfo"],
};

export interface CheckedOptions {
  host: string;
  port: number;
  storage: StorageOption;
  limits: Limits;
  featuresOn: readonly FeatureName[];
  deletableSubscription: DeletableSubscription;
}

/**
 * Checks the options and fills in the defaults.
 * @throws {BrokerOptionsError} for the first invalid option
 */
export function checkedOptions(options: BrokerOptions): CheckedOptions {
  demandKnown("options", options, BROKER_OPTION_NAMES);
  checkCalled(options);
  const { host = "127.0.0.1", port = 0, storage = "memory", profile = "default", limits = {} } = options;
  checkAddress(host, port);
  if (!Object.hasOwn(PROFILES, profile)) {
    throw new BrokerOptionsError(`profile must be one of ${Object.keys(PROFILES).join(", ")}, not ${shown(profile)}`);
  }
  if (typeof limits !== "object" || limits === null || Array.isArray(limits))
    throw new BrokerOptionsError(`limits must be an object, not ${shown(limits)}`);
  const fault = limitFault({ ...limits }, PROFILES[profile]);
  if (fault !== undefined) throw new BrokerOptionsError(fault);
  return {
    host,
    port,
    storage: checkedStorage(storage),
    limits: { ...PROFILES[profile], ...limits },
    featuresOn: FEATURES_ON[profile],
    deletableSubscription: checkedDeletable(options.deletableSubscription ?? DELETABLE[profile]),
  };
}

/** Of `stop`, in milliseconds. @throws {BrokerOptionsError} */
export function checkedDrain(how: { drainMs?: number }, defaultMs: number): number {
  demandKnown("options", how, ["drainMs"]);
  const { drainMs = defaultMs } = how;
  if (Number.isFinite(drainMs) && drainMs >= 0 && drainMs <= MAX_TIMER_MS) return drainMs;
  throw new BrokerOptionsError(`drainMs must be a number from 0 to ${MAX_TIMER_MS}, not ${shown(drainMs)}`);
}

const MAX_TIMER_MS = 2 ** 31 - 1;

function demandKnown(path: string, given: unknown, names: readonly string[]): void {
  const fault = unknownOption(path, given, names);
  if (fault) throw new BrokerOptionsError(`${fault.path} must be ${fault.allowed}`);
}

function checkCalled(options: BrokerOptions): void {
  for (const [name, functions] of Object.entries(CALLED)) {
    const given = options[name as keyof typeof CALLED] as Readonly<Record<string, unknown>> | null | undefined;
    if (given === undefined) continue;
    if (functions.some((one) => typeof given?.[one] !== "function"))
      throw new BrokerOptionsError(`${name} must be an object with the functions ${functions.join(", ")}`);
  }
  const { onFaultPoint } = options;
  if (onFaultPoint !== undefined && typeof onFaultPoint !== "function")
    throw new BrokerOptionsError(`onFaultPoint must be a function, not ${shown(onFaultPoint)}`);
}

function checkedDeletable(given: DeletableSubscription): DeletableSubscription {
  const names = ["owningApplication", "consumerGroup"] as const;
  demandKnown("deletableSubscription", given, names);
  for (const name of names) {
    if (typeof given[name] !== "string" || given[name] === "")
      throw new BrokerOptionsError(
        `deletableSubscription.${name} must be a text that is not empty, not ${shown(given[name])}`,
      );
  }
  return given;
}

function checkAddress(host: string, port: number): void {
  if (typeof host !== "string" || host === "")
    throw new BrokerOptionsError(`host must be a name or an address, not ${shown(host)}`);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new BrokerOptionsError(`port must be a whole number from 0 to 65535, not ${shown(port)}`);
  }
}

function checkedStorage(given: StorageOption): StorageOption {
  if (given === "memory" || (typeof given === "string" && isStorageUrl(given))) return given;
  if (typeof given !== "object" || given === null) {
    // The value may contain a password.
    const wrong = typeof given === "string" ? "another text" : shown(given);
    throw new BrokerOptionsError(
      `storage must be "memory", { directory }, a URL such as directory:./data, or an engine, not ${wrong}`,
    );
  }
  if ("open" in given) return checkedEngine(given);
  demandKnown("storage", given, ["directory"]);
  const { directory } = given as { directory?: unknown };
  if (typeof directory !== "string" || directory === "")
    throw new BrokerOptionsError(`storage.directory must be the name of a directory, not ${shown(directory)}`);
  return { directory: resolve(directory) };
}

function checkedEngine(given: StorageEngine): StorageEngine {
  const { name, open } = given as { name?: unknown; open?: unknown };
  if (typeof name === "string" && typeof open === "function") return given;
  throw new BrokerOptionsError("storage must have a name and a function open to be an engine");
}

/** Any value as a short text for a message. */
function shown(value: unknown): string {
  if (typeof value === "number" || value === undefined || value === null) return String(value);
  return typeof value === "string" ? JSON.stringify(value.slice(0, MAX_SHOWN)) : `a ${typeof value}`;
}

const MAX_SHOWN = 100;
