/** `nakadi search`: events that match, from all partitions of an event type. */
import type { Command } from "commander";
import type { ConnectionFlags } from "../settings/connection.ts";
import { withConnectionFlags } from "../settings/connection-flags.ts";
import type { CommandHost } from "./command-host.ts";
import { withReadingFlags } from "./reading/reading-flags.ts";
import type { SearchFlags } from "./search/run-search.ts";

export function searchCommand(program: Command, { context, end }: CommandHost): void {
  const command = program
    .command("search")
    .description("look for events in all partitions of an event type, and say whether there are any")
    .argument("<event-type>", "name of the event type")
    .option("--from <place>", "where to begin: begin, a time, 15min (ago), or partition:offset,…", "begin")
    .option("--until <place>", "where to end: end, a time, 15min (ago), or partition:offset,…", "end");
  withConnectionFlags(withReadingFlags(command))
    .addHelpText(
      "after",
      "\nIt exits as grep does: 0 where something was found, 1 where nothing was, 2 where\n" +
        "it could not look everywhere, as for a place that is not in the log. Nothing is\n" +
        "committed, and no consumer is disturbed.\n" +
        "\nExample:\n  $ nakadi search order.created --where \"order == 'first'\"\n" +
        "  $ nakadi search order.created --key first --from 2h --limit 1 --quiet\n" +
        "  $ nakadi search order.created --where \"contains(to_string(@), 'fir')\" -o table",
    )
    .action(async (eventType: string, flags: SearchFlags & ConnectionFlags) => {
      const { runSearch } = await import("./search/run-search.ts");
      end(await runSearch(context, eventType, flags));
    });
}
