/** docs/cli.md is made from the commands; `UPDATE_DOCS=1` writes it. */
import { readFile, writeFile } from "node:fs/promises";
import type { Subscription } from "nakadi-client";
import { describe, expect, it } from "vitest";
import { wordsOf } from "../src/commands/completion/words.ts";
import { lagText } from "../src/commands/lag/lag-text.ts";
import { partitionLags, type PartitionSample, type Sample, totalLag } from "../src/commands/lag/measure.ts";
import { commandLine } from "../src/program.ts";
import { runCommand } from "./run-command.ts";
import { testServer } from "./test-server.ts";

const DOCUMENT = new URL("../../../docs/cli.md", import.meta.url);

const INTRODUCTION = `# The command line

    npx nakadi COMMAND --help

**Which server.** Flags beat the environment, the environment beats the context in use, and without any of them it is
\`http://localhost:8080\`. \`nakadi doctor\` says what was taken, and from where. A context names a place for its token: a file,
a variable, a command. The token itself is stored only if you insist (\`--token-plain\`).

**What goes where.** Data goes to standard output; progress, speed and trouble go to standard error. Colour and progress are
for terminals only; \`NO_COLOR\` turns colour off, \`--quiet\` progress, \`TERM=dumb\` both. Where the reader of a pipe goes away,
as \`head\` does, a command that only shows something ends with 0. In a table each cell is a word, \`-\` for nothing; only the
last of a line may be several. On a terminal the table of \`lag\` leaves out and cuts what does not fit. A character that is not
seen, or that turns the order in which others are read, is written out as JSON does (\`\\u202e\`); in a pipe events keep their bytes.

**How it ends.** Ctrl-C once ends a command cleanly: what is under way is finished. Twice ends it at once.

| exit code | meaning |
|---|---|
| 0 | done; for \`search\`: found |
| 1 | failed, with a word on standard error; for \`search\`: nothing found; for \`lag --fail-over\`: further behind, or not known how far; for \`publish\`: not all of it was published; for \`doctor\`: something is wrong |
| 2 | wrong use: nothing was done; for \`search\` also: it could not look everywhere |
| 130, 143 | interrupted by SIGINT, SIGTERM; a broker ends with 0 then |

**Selecting.** \`--where\` and \`--select\` take [JMESPath](https://jmespath.org): \`order.total\` is a path,
\`\`order.total > \`100\` \`\` a condition, with numbers in backticks. What is null, false or empty does not hold. \`contains(to_string(@), 'text')\` looks
everywhere.

**Numbers.** An event is published as it is written and shown as it is stored: 1.0 stays 1.0, and 9007199254740993 keeps its last
digit, with \`--select\` and as YAML too. \`--key\` compares the text of a number. A comparison, an operator and a function of JMESPath
compute with JavaScript's numbers, and so does \`--where\`.
`;

/** Every command as it says itself what it does. */
async function reference(): Promise<string> {
  const program = commandLine({} as never, () => undefined);
  const parts = wordsOf(program).map(async ({ path }) => {
    const words = path === "" ? [] : path.split(" ");
    const { code, stdout } = runCommand([...words, "--help"]);
    expect(await code).toBe(0);
    return `## ${["nakadi", ...words].join(" ")}\n\n\`\`\`text\n${stdout.text.trimEnd()}\n\`\`\`\n`;
  });
  return (await Promise.all(parts)).join("\n");
}

/** A subscription of three partitions, half a minute after one of its two consumers has gone. */
async function lagScreen(): Promise<string> {
  const subscription = {
    id: "4fa0d3f5-31ab-4f7b-9d1c-6d8a4a3f3c11",
    owning_application: "billing",
    consumer_group: "invoices",
    event_types: ["order.created"],
  } as Subscription;
  const partition = (more: Partial<PartitionSample>): PartitionSample => ({
    eventType: "order.created",
    partition: "0",
    state: "assigned",
    streamId: "b7e1c0de-5f2a-4c55-9f3e-2f1d77c0a8b1",
    unconsumed: 0,
    timeLagSeconds: 0,
    committed: undefined,
    ...more,
  });
  const before: Sample = {
    atMs: 0,
    partitions: [
      partition({ unconsumed: 1_460 }),
      partition({ partition: "1", unconsumed: 12 }),
      partition({ partition: "2", unconsumed: 3_900, state: "unassigned", streamId: "" }),
    ],
  };
  const now: Sample = {
    atMs: 1_000,
    partitions: [
      partition({ unconsumed: 1_250, timeLagSeconds: 14, committed: 480 }),
      partition({ partition: "1", committed: 262 }),
      partition({
        partition: "2",
        unconsumed: 4_170,
        timeLagSeconds: 31,
        state: "unassigned",
        streamId: "",
        committed: 0,
      }),
    ],
  };
  const histories = new Map([
    ["order.created/0", [30, 20, 40, 900, 1_900, 2_600, 2_500, 2_200, 1_900, 1_700, 1_460, 1_250]],
    ["order.created/1", [20, 30, 20, 10, 30, 20, 10, 0, 20, 40, 12, 0]],
    ["order.created/2", [10, 20, 30, 350, 800, 1_250, 1_700, 2_200, 2_650, 3_400, 3_900, 4_170]],
  ]);
  const history = [60, 70, 90, 1_260, 2_730, 3_870, 4_210, 4_400, 4_570, 5_140, 5_372, 5_420];
  const total = totalLag(now, before);
  const views = [{ subscription, partitions: partitionLags(now, before), total, history, histories }];
  return `${(await lagText(views, true, "table", 100, true)).trimEnd()}\n14:03:07\n`;
}

/** What stands on a terminal, and the line below it. */
async function tailScreen(): Promise<string> {
  const server = await testServer();
  const eventType = await server.orders("order.created");
  await server.nakadi.publisher(eventType).publish([
    { order: "A-1001", items: 2, total: 99.9 },
    { order: "A-1002", items: 1, total: 12.5 },
  ]);
  const { stdout, stderr, stop, code } = runCommand(["tail", eventType, "--from", "begin", "--url", server.url], {
    isTTY: true,
    env: { NO_COLOR: "1" },
  });
  const [, line = ""] = await stderr.seen(/(2 events .*0:001-0001-000000000000000001)/);
  stop("SIGINT");
  expect(await code).toBe(130);
  return `${stdout.text}${line.replace(/[\d.,]+\/s/, "2/s")}\n`;
}

const screen = (text: string): string => `\`\`\`text\n${text}\`\`\`\n`;

it("docs/cli.md shows the commands as they are", async () => {
  const document = [
    INTRODUCTION,
    "`nakadi tail order.created --from begin` on a terminal:\n",
    screen(await tailScreen()),
    "`nakadi lag 4fa0d3f5-31ab-4f7b-9d1c-6d8a4a3f3c11 --watch`, redrawn each second:\n",
    screen(await lagScreen()),
    await reference(),
  ].join("\n");
  if (process.env["UPDATE_DOCS"]) await writeFile(DOCUMENT, document);
  expect(await readFile(DOCUMENT, "utf8")).toBe(document);
});

describe("help", () => {
  const all = wordsOf(commandLine({} as never, () => undefined)).map(({ path }) => path);

  it.each(all)("of nakadi %s fits 80 columns", async (path) => {
    const { code, stdout } = runCommand([...path.split(" ").filter(Boolean), "--help"], { columns: 80 });
    expect(await code).toBe(0);
    expect(stdout.text.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  it.each(all.filter((path) => path !== ""))("of %s has an example, and a word on each flag", async (path) => {
    const { code, stdout } = runCommand([...path.split(" "), "--help"]);
    expect(await code).toBe(0);
    expect(stdout.text).toContain(`nakadi ${path.replace(/ .*/, "")}`);
    expect(stdout.text).toMatch(/^ {2}\$ .*nakadi /m);
    for (const line of stdout.text.split("\n").filter((text) => /^ {2}-/.test(text))) expect(line).toMatch(/ {2}\S/);
  });
});
