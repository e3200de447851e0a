/**
 * The completion scripts. They are static: no process is started for a completion. Written by hand because commander
 * makes none, and the packages that do start the program for each key.
 * @pure
 */
import type { Words } from "./words.ts";

export type Shell = "bash" | "zsh" | "fish";

export function completionScript(shell: Shell, all: readonly Words[]): string {
  if (shell === "fish") return fishScript(all);
  // zsh runs bash's function through its own adapter.
  return shell === "zsh" ? `autoload -U +X bashcompinit && bashcompinit\n${bashScript(all)}` : bashScript(all);
}

/** For zsh too, which takes arithmetic only as such, and keeps `path` and `words` for itself. */
function bashScript(all: readonly Words[]): string {
  const commands = all.map(({ path }) => path).filter((path) => path !== "");
  const cases = all.map(({ path, subcommands, flags, choices }) => {
    const words = [...subcommands.map(({ name }) => name), ...choices, ...flags.map(({ name }) => name)];
    return `    "${path}") offered="${words.join(" ")}" ;;`;
  });
  const valued = all.flatMap(({ path, flags }) =>
    flags
      .filter(({ takesValue }) => takesValue)
      .map(({ name, short, choices }) => {
        const patterns = [name, ...(short === undefined ? [] : [short])].map((flag) => `"${path}:${flag}"`);
        return `    ${patterns.join("|")}) values="${choices.join(" ")}"; taken=1 ;;`;
      }),
  );
  return `_nakadi() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" typed="" word offered="" values="" taken=""
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD-1))}"; do
    case " ${commands.map((path) => path.replaceAll(" ", "/")).join(" ")} " in
      *" \${typed:+\${typed// //}/}$word "*) typed="\${typed:+$typed }$word" ;;
    esac
  done
  case "$typed:$previous" in
${valued.join("\n")}
  esac
  if [ -n "$taken" ]; then
    if [ -n "$values" ]; then COMPREPLY=($(compgen -W "$values" -- "$current")); else COMPREPLY=($(compgen -f -- "$current")); fi
    return
  fi
  case "$typed" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
}
complete -o default -F _nakadi nakadi
`;
}

function fishScript(all: readonly Words[]): string {
  const lines = all.flatMap(({ path, subcommands, flags, choices }) => {
    const condition = `-n ${quoted(conditionFor(path, subcommands))}`;
    return [
      ...subcommands.map(
        ({ name, description }) => `complete -c nakadi -f ${condition} -a ${name} -d ${quoted(description)}`,
      ),
      ...choices.map((choice) => `complete -c nakadi -f ${condition} -a ${choice}`),
      ...flags.map(({ name, short, description, takesValue, choices }) =>
        [
          `complete -c nakadi ${condition} -l ${name.slice(2)}`,
          ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
          ...(takesValue ? ["-r"] : []),
          ...(choices.length > 0 ? [`-f -a ${quoted(choices.join(" "))}`] : []),
          `-d ${quoted(description)}`,
        ].join(" "),
      ),
    ];
  });
  return `${lines.join("\n")}\n`;
}

/** Fish asks which commands were typed already. */
function conditionFor(path: string, subcommands: Words["subcommands"]): string {
  if (path === "") return "__fish_use_subcommand";
  const seen = path.split(" ").map((name) => `__fish_seen_subcommand_from ${name}`);
  const notYet =
    subcommands.length === 0
      ? []
      : [`not __fish_seen_subcommand_from ${subcommands.map(({ name }) => name).join(" ")}`];
  return [...seen, ...notYet].join("; and ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
