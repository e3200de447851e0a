/** `nakadi completion`: a script for the shell, made from the commands as they are. */
import { Argument, type Command } from "commander";
import { EXIT } from "../exit-codes.ts";
import type { CommandHost } from "./command-host.ts";
import type { Shell } from "./completion/script.ts";

const SHELLS: readonly Shell[] = ["bash", "zsh", "fish"];

export function completionCommand(program: Command, { context, end }: CommandHost): void {
  program
    .command("completion")
    .description("print a completion script for a shell")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .addHelpText(
      "after",
      "\nExample:\n  $ nakadi completion bash\n\nTo have it in every shell:\n  bash: echo 'source <(nakadi completion bash)' >> ~/.bashrc\n" +
        "  zsh:  echo 'source <(nakadi completion zsh)' >> ~/.zshrc   (after compinit)\n" +
        "  fish: nakadi completion fish > ~/.config/fish/completions/nakadi.fish",
    )
    .action(async (shell: Shell) => {
      const { completionScript } = await import("./completion/script.ts");
      const { wordsOf } = await import("./completion/words.ts");
      context.stdout.write(completionScript(shell, wordsOf(program)));
      end(EXIT.ok);
    });
}
