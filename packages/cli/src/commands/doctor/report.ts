/** Findings for a person, or for a program. */
import type { Context } from "../../context.ts";
import { visible, visibleData } from "../../output/visible.ts";
import { coloursFor } from "../../terminal/colours.ts";
import type { Finding } from "./finding.ts";

export function report(context: Context, findings: readonly Finding[], format: "text" | "json"): void {
  context.stdout.write(
    format === "json" ? visibleData(`${JSON.stringify(findings, undefined, 2)}\n`) : asText(context, findings),
  );
}

function asText(context: Context, findings: readonly Finding[]): string {
  const colours = coloursFor(context.stdout, context);
  const marks = { good: colours.green("✓"), doubtful: colours.yellow("!"), bad: colours.red("✗") };
  const width = Math.max(...findings.map(({ what }) => what.length));
  const lines = findings.map(({ what, verdict, says, todo }) => {
    const advice = todo === undefined ? "" : `\n  ${" ".repeat(width)}  → ${visible(todo)}`;
    return `${marks[verdict]} ${what.padEnd(width)}  ${visible(says)}${advice}\n`;
  });
  return lines.join("");
}
