/** A Dockerfile as its instructions by stage, and those of one stage carried out in a plain directory. */
import { execFile } from "node:child_process";
import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Instruction {
  name: string;
  /** Without flags. */
  text: string;
  flags: Readonly<Record<string, string>>;
}

export interface Stage {
  name: string;
  image: string;
  instructions: readonly Instruction[];
}

/** Comments and continued lines are what the reference says; heredocs are not. */
export function stagesOf(dockerfile: string): Stage[] {
  const lines = dockerfile
    .split("\n")
    .filter((line) => !/^\s*#/.test(line))
    .join("\n")
    .replaceAll(/\\\n/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const stages: { name: string; image: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, name = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    const [, image = "", stage = ""] = name === "FROM" ? (/^(\S+) AS (\S+)$/.exec(rest) ?? []) : [];
    if (name === "FROM") stages.push({ name: stage, image, instructions: [] });
    else stages.at(-1)?.instructions.push(instructionOf(name, rest));
  }
  return stages;
}

function instructionOf(name: string, rest: string): Instruction {
  const flags: Record<string, string> = {};
  const text = rest.replace(/^(?:--[\w-]+=\S+\s+)*/, (all) => {
    for (const [, flag = "", value = ""] of all.matchAll(/--([\w-]+)=(\S+)/g)) flags[flag] = value;
    return "";
  });
  return { name, text, flags };
}

/** The words of an instruction in JSON form. */
export function wordsOf({ text }: Instruction): string[] {
  return JSON.parse(text) as string[];
}

/**
 * Carries out the COPY and RUN of a stage below `root`, which stands for `/`.
 * @param context what is copied from where a COPY has no `--from`
 * @param roots of other stages, by name
 */
export async function carryOut(
  stage: Stage,
  { root, context, roots }: { root: string; context: string; roots: Readonly<Record<string, string>> },
): Promise<void> {
  let directory = root;
  for (const instruction of stage.instructions) {
    const { name, text, flags } = instruction;
    if (name === "WORKDIR") await mkdir((directory = join(root, text)), { recursive: true });
    if (name === "RUN") await run("sh", ["-c", text.replaceAll(/(?<=\s)\/(?=\w)/g, `${root}/`)], { cwd: directory });
    if (name !== "COPY") continue;
    const [from = "", to = ""] = text.split(/\s+/);
    const source = join(flags["from"] === undefined ? context : (roots[flags["from"]] ?? ""), from);
    const target = to.startsWith("/") ? join(root, to) : join(directory, to);
    const isDirectory = (await stat(source)).isDirectory();
    await mkdir(isDirectory ? target : dirname(target), { recursive: true });
    await run("cp", ["-a", isDirectory ? `${source}/.` : source, target]);
  }
}
