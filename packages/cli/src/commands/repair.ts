/** `nakadi repair`: what can be saved of a broker's data directory. */
import type { Command } from "commander";
import type { CommandHost } from "./command-host.ts";

export function repairCommand(program: Command, { context, end }: CommandHost): void {
  program
    .command("repair")
    .description("check the data directory of a broker that does not run, and save what is left if it is damaged")
    .argument("<directory>", "what the broker was given as --data")
    .addHelpText(
      "after",
      "\nEvery page and row is checked. If nothing is wrong, nothing is changed. Else\n" +
        "what can be read is written into a new file, and the damaged one stays beside it\n" +
        "as damaged-1.mdb; so there must be room for both. No offset of a lost event is\n" +
        "given to another one: where the end of a partition is lost, new events go on\n" +
        "well behind it.\n" +
        "\nExample:\n  $ nakadi repair ./nakadi-data\n" +
        "  ./nakadi-data is not damaged: 12,345 events, nothing to repair",
    )
    .action(async (directory: string) => {
      const { runRepair } = await import("./repair/run-repair.ts");
      end(await runRepair(context, directory));
    });
}
