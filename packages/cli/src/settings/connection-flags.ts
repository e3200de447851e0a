/** The flags that say which server a command talks to. */
import type { Command } from "commander";
import { DEFAULT_URL } from "./connection.ts";

export function withConnectionFlags(command: Command): Command {
  return command
    .option("--url <url>", `address of the server (NAKADI_URL; else the context's; else ${DEFAULT_URL})`)
    .option("--context <name>", "context to take address and token from (NAKADI_CONTEXT)")
    .option("--token-file <path>", "file that holds the token, read again when it changes (NAKADI_TOKEN_FILE)")
    .option("--token-env <name>", "environment variable that holds the token (NAKADI_TOKEN)");
}
