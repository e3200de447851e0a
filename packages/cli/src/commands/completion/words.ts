/** What can be typed behind each command: subcommands, flags, choices. */
import type { Command } from "commander";

export interface Words {
  /** The command with those before it, without `nakadi`: "" or "context add". */
  path: string;
  subcommands: readonly { name: string; description: string }[];
  flags: readonly {
    name: string;
    short: string | undefined;
    description: string;
    takesValue: boolean;
    choices: readonly string[];
  }[];
  /** What its arguments may be, where that is known. */
  choices: readonly string[];
}

/** `program` and all commands below it that help shows. */
export function wordsOf(program: Command): Words[] {
  return wordsBelow(program, []);
}

function wordsBelow(command: Command, path: readonly string[]): Words[] {
  const subcommands = command
    .createHelp()
    .visibleCommands(command)
    .filter((sub) => sub.name() !== "help");
  const words: Words = {
    path: path.join(" "),
    subcommands: subcommands.map((sub) => ({ name: sub.name(), description: sub.description() })),
    flags: command
      .createHelp()
      .visibleOptions(command)
      .flatMap(({ long, short, description, required, optional, argChoices = [] }) =>
        long ? [{ name: long, short, description, takesValue: required || optional, choices: argChoices }] : [],
      ),
    choices: command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
  };
  return [words, ...subcommands.flatMap((sub) => wordsBelow(sub, [...path, sub.name()]))];
}
