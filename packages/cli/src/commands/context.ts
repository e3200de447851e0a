/** `nakadi context`: named servers, each with a reference to its token. */
import { type Command, Option } from "commander";
import { EXIT } from "../exit-codes.ts";
import { formatOption, type Format } from "../output/format.ts";
import type { CommandHost } from "./command-host.ts";
import type { AddOptions } from "./context/contexts.ts";

export function contextCommand(program: Command, { context, end }: CommandHost): void {
  const group = program
    .command("context")
    .description("name servers, and choose which one commands talk to")
    .addHelpText(
      "after",
      "\nExample:\n  $ nakadi context add live --url https://nakadi.example.org --token-env TOKEN\n" +
        "  $ nakadi context use live",
    );

  group
    .command("add <name>")
    .description("add a context, or replace the one of that name")
    .requiredOption("--url <url>", "address of the server")
    .addOption(new Option("--token-env <variable>", "environment variable that holds the token"))
    .addOption(new Option("--token-file <path>", "file that holds the token").conflicts("tokenEnv"))
    .addOption(
      new Option("--token-command <command>", "shell command that prints the token").conflicts([
        "tokenEnv",
        "tokenFile",
      ]),
    )
    .addOption(
      new Option("--token-plain <token>", "the token itself, stored in plain text: better name a place").conflicts([
        "tokenEnv",
        "tokenFile",
        "tokenCommand",
      ]),
    )
    .addHelpText("after", "\nExample:\n  $ nakadi context add here --url http://localhost:8080")
    .action(async (name: string, options: AddOptions) => {
      const { addContext } = await import("./context/contexts.ts");
      await addContext(context, name, options);
      end(EXIT.ok);
    });

  group
    .command("use <name>")
    .description("make commands talk to this context's server from now on")
    .addHelpText("after", "\nExample:\n  $ nakadi context use here")
    .action(async (name: string) => {
      const { useContext } = await import("./context/contexts.ts");
      await useContext(context, name);
      end(EXIT.ok);
    });

  group
    .command("list")
    .description("show all contexts; the current one is marked")
    .addOption(formatOption())
    .addHelpText("after", "\nExample:\n  $ nakadi context list")
    .action(async ({ output }: { output: Format }) => {
      const { listContexts } = await import("./context/contexts.ts");
      await listContexts(context, output);
      end(EXIT.ok);
    });

  group
    .command("remove <name>")
    .description("forget a context")
    .addHelpText("after", "\nExample:\n  $ nakadi context remove here")
    .action(async (name: string) => {
      const { removeContext } = await import("./context/contexts.ts");
      await removeContext(context, name);
      end(EXIT.ok);
    });
}
