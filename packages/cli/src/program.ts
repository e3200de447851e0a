/** The `nakadi` command: its subcommands, their options and help. What they do is loaded when they run. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { BrokerCommandOptions } from "./commands/broker.ts";
import { completionCommand } from "./commands/completion.ts";
import { consumeCommand } from "./commands/consume.ts";
import { contextCommand } from "./commands/context.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { firstOf } from "./commands/first-of.ts";
import { lagCommand } from "./commands/lag.ts";
import { publishCommand } from "./commands/publish.ts";
import { dataDirectoryCommands } from "./commands/data-directory.ts";
import { searchCommand } from "./commands/search.ts";
import { tailCommand } from "./commands/tail.ts";
import { type Context, stopSignalOf } from "./context.ts";
import { EXIT, exitCodeOf, type ExitCode } from "./exit-codes.ts";
import { describe, Failure } from "./failure.ts";
import { visible } from "./output/visible.ts";
import { packageVersion } from "./package-file.ts";

const MAX_PORT = 65_535;
/** For what was written before an interruption. */
const LAST_WRITE_MS = 1_000;
const NEVER = new AbortController().signal;

/** Runs the command line `args`, without `node` and the script, and says how the process should end. */
export async function runProgram(args: readonly string[], context: Context): Promise<ExitCode> {
  const exitCode = await runCommandLine(args, context);
  // A reader that has stopped is not waited for when the command was interrupted.
  const interrupted = context.signal.aborted;
  await firstOf(context.stdout.drained(), NEVER, interrupted ? LAST_WRITE_MS : Infinity);
  const lost: unknown = context.stdout.closed.reason;
  if (!(lost instanceof Failure)) return exitCode;
  context.stderr.write(`nakadi: ${describe(lost)}\n`);
  return EXIT.failed;
}

async function runCommandLine(args: readonly string[], context: Context): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const program = commandLine(context, (code) => (exitCode = code));
  try {
    await program.parseAsync(redirectUnknownHelp(program, args), { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const stopped = stopSignalOf(context);
    if (stopped !== undefined && error === stopped) return exitCodeOf(stopped);
    context.stderr.write(`nakadi: ${describe(error)}\n`);
    return error instanceof Failure ? error.exitCode : EXIT.failed;
  }
}

/** Help of a command that there is not becomes that command: commander says then what is wrong, and what may be meant. */
function redirectUnknownHelp(group: Command, args: readonly string[]): readonly string[] {
  const [first = "", ...rest] = args;
  const known = (name: string): Command | undefined => group.commands.find((command) => command.name() === name);
  if (first === "help") return rest[0] === undefined || known(rest[0]) ? args : rest.slice(0, 1);
  if (first === "" || first.startsWith("-")) return args;
  const command = known(first);
  if (!command) return [first];
  return command.commands.length === 0 ? args : [first, ...redirectUnknownHelp(command, rest)];
}

/** All commands with their flags and help. */
export function commandLine(context: Context, ended: (code: ExitCode) => void): Command {
  const program = new Command("nakadi")
    .description("Nakadi from the command line: publish and read events, see lag, start a broker anywhere.")
    .version(packageVersion(), "-v, --version", "print the version")
    .exitOverride()
    .showSuggestionAfterError()
    // So that descriptions wrap beside the longest of the commands on a terminal of 80 columns.
    .configureHelp({ minWidthToWrap: 20 })
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 failed, 2 wrong use, 130 and 143 interrupted.\n" +
        "Ctrl-C ends a command cleanly, twice at once.\n" +
        "\nExample:\n  $ nakadi context add here --url http://localhost:8080 && nakadi doctor",
    )
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: (text, write) => write(`${usageSentence(text)}. nakadi --help lists the commands\n`),
      getOutHelpWidth: () => context.stdout.columns,
      getErrHelpWidth: () => context.stderr.columns,
    });

  program
    .command("broker")
    .description("start a broker and serve until SIGINT or SIGTERM")
    .option("--port <number>", "port to listen on; 0 picks a free one (default: 8080)", port)
    .option("--host <address>", "address to listen on; other than loopback lets other machines in (default: 127.0.0.1)")
    .option("--memory", "keep everything in memory; nothing survives the process (the default)")
    .addOption(
      new Option(
        "--data <directory>",
        "keep everything on disk, durable before it is acknowledged (docs/storage.md)",
      ).conflicts(["memory", "storage"]),
    )
    .addOption(
      new Option(
        "--storage <url>",
        "where to keep everything: its scheme names the engine (docs/storage.md)",
      ).conflicts("memory"),
    )
    .option("--config <file>", "settings in YAML or JSON, all of them in docs/configuration.md; flags beat it")
    .addOption(
      new Option(
        "--profile <name>",
        "limits and features: the real server's, or those that its acceptance tests need",
      ).choices(["default", "acceptance"]),
    )
    .option("--limit <name=number>", "one limit, such as maxPartitions=20; may be repeated", repeated)
    .addOption(new Option("--end-with-stdin").hideHelp())
    .addHelpText(
      "after",
      "\nExample:\n  $ nakadi broker --port 0 --data ./nakadi-data\n" +
        "  nakadi broker listening on http://127.0.0.1:40123 (data: ./nakadi-data)",
    )
    .action(async (options: BrokerCommandOptions) => {
      const { runBroker } = await import("./commands/broker.ts");
      ended(await runBroker(context, options));
    });

  program
    .command("demo")
    .description(
      "show everything at work: real earthquakes, two consumers, a connection cut and a broker killed on purpose",
    )
    .addHelpText("after", "\nExample:\n  $ nakadi demo")
    .action(async () => {
      const { runDemo } = await import("./commands/demo/demo.ts");
      ended(await runDemo(context));
    });

  program
    .command("demo-consumer", { hidden: true })
    .requiredOption("--url <url>")
    .requiredOption("--subscription <id>")
    .requiredOption("--file <path>")
    .action(async (options: { url: string; subscription: string; file: string }) => {
      const { runConsumer } = await import("./commands/demo/consumer.ts");
      ended(await runConsumer(context, options));
    });

  const host = { context, end: ended };
  dataDirectoryCommands(program, host);
  publishCommand(program, host);
  consumeCommand(program, host);
  tailCommand(program, host);
  searchCommand(program, host);
  lagCommand(program, host);
  doctorCommand(program, host);
  contextCommand(program, host);
  completionCommand(program, host);

  return program;
}

function repeated(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** Commander's words in one line, beginning as all our messages do. */
function usageSentence(text: string): string {
  const sentence = text.trim().replace(/^error: /, "nakadi: ");
  return visible(sentence.replaceAll("\n", " ")).replace(/\.$/, "");
}

function port(text: string): number {
  const number = Number(text);
  if (/^[0-9]+$/.test(text) && number <= MAX_PORT) return number;
  throw new InvalidArgumentError(`A port is a whole number from 0 to ${MAX_PORT}.`);
}
