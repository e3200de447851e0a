/** `nakadi doctor`: which server is reachable, with which token, and the remedy for each fault. */
import { type Command, Option } from "commander";
import { stopSignalOf } from "../context.ts";
import { EXIT, exitCodeOf } from "../exit-codes.ts";
import type { ConnectionFlags } from "../settings/connection.ts";
import { withConnectionFlags } from "../settings/connection-flags.ts";
import type { CommandHost } from "./command-host.ts";

export function doctorCommand(program: Command, { context, end }: CommandHost): void {
  withConnectionFlags(
    program.command("doctor").description("look at settings, server, token and clocks, and say what is wrong"),
  )
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .addHelpText("after", "\nExample:\n  $ nakadi doctor --url http://localhost:8080")
    .action(async ({ output, ...flags }: ConnectionFlags & { output: "text" | "json" }) => {
      const { examine } = await import("./doctor/examine.ts");
      const { report } = await import("./doctor/report.ts");
      const findings = await examine(context, flags);
      report(context, findings, output);
      const stopped = stopSignalOf(context);
      if (stopped) return end(exitCodeOf(stopped));
      end(findings.some(({ verdict }) => verdict === "bad") ? EXIT.failed : EXIT.ok);
    });
}
