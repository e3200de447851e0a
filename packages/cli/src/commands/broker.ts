/** `nakadi broker`: a broker until the process is asked to stop. */
import { type BrokerOptions, killAt, startBroker, type StorageOption } from "nakadi-broker";
import { type Context, stopped } from "../context.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { visible } from "../output/visible.ts";
import { brokerLog } from "../terminal/broker-log.ts";
import { type BrokerFlags, brokerSettings } from "./broker-config.ts";
import { startFailure } from "./broker/start-failure.ts";

export interface BrokerCommandOptions extends BrokerFlags {
  /** Stop when standard input ends, as it does when the parent process is gone. */
  endWithStdin?: boolean;
}

export async function runBroker(
  context: Context,
  { endWithStdin = false, ...flags }: BrokerCommandOptions,
): Promise<ExitCode> {
  const settings = await brokerSettings(flags);
  const log = brokerLog(context.stderr);
  const broker = await startBroker({ ...settings, logger: log, ...faultsFrom(context) }).catch((error: unknown) => {
    throw startFailure(error, settings);
  });
  log.started();
  context.stdout.write(`nakadi broker listening on ${broker.url} (${visible(storageLabel(settings.storage))})\n`);
  await (endWithStdin ? Promise.race([stopped(context), stdinEnded()]) : stopped(context));
  await broker.stop();
  process.stdin.destroy();
  return EXIT.ok;
}

/** Of a URL nothing but the scheme: the rest may hold a password. */
function storageLabel(storage: StorageOption): string {
  if (typeof storage === "string") return storage.split(":", 1)[0] ?? "";
  return "directory" in storage ? `data: ${storage.directory}` : storage.name;
}

function stdinEnded(): Promise<void> {
  return new Promise((resolve) => void process.stdin.once("close", resolve).once("end", resolve).resume());
}

/** For tests of what a crash leaves behind: `NAKADI_KILL_AT=after-flush:17` kills the process at that instant. */
function faultsFrom({ env }: Context): Pick<BrokerOptions, "onFaultPoint"> {
  const { NAKADI_KILL_AT: order } = env;
  if (order === undefined || order === "") return {};
  try {
    return { onFaultPoint: killAt(order) };
  } catch (error) {
    throw new Failure(`NAKADI_KILL_AT: ${(error as Error).message}`, EXIT.usage);
  }
}
