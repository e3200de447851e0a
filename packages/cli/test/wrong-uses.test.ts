/** What people get wrong, and what they read then: what was tried, what came back, what to do. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { runCommand, type Surroundings } from "./run-command.ts";
import { makeWorld, subscription, type World } from "./world.ts";

interface WrongUse {
  what: string;
  args: (world: World) => string[];
  surroundings?: (world: World) => Surroundings;
  exit?: number;
  /** All that is said, with the world's names in it. */
  says: (world: World) => string | RegExp;
}

const SUBSCRIPTION = "4fa0d3f5-31ab-4f7b-9d1c-6d8a4a3f3c11";
const UNUSED_ADDRESS = "http://127.0.0.1:1";

const WRONG_USES: readonly WrongUse[] = [
  {
    what: "an address where no server listens",
    args: () => ["tail", "order.created", "--url", UNUSED_ADDRESS],
    says: () =>
      `nakadi: GET /event-types/order.created: connect ECONNREFUSED 127.0.0.1:1. Tried ${UNUSED_ADDRESS} (from --url). ` +
      "Is a broker there? `nakadi broker` starts one; --url or `nakadi context use` names another\n",
  },
  {
    what: "an address whose name is misspelt",
    args: () => ["lag", "--url", "http://nakadi.invalid"],
    says: () =>
      /^nakadi: GET \/subscriptions: getaddrinfo (ENOTFOUND|EAI_AGAIN) nakadi\.invalid\. Tried http:\/\/nakadi\.invalid \(from --url\)\. Is a broker there\?.*\n$/,
  },
  {
    what: "an address without http://",
    args: () => ["lag", "--url", "localhost:8080"],
    exit: 2,
    says: () =>
      "nakadi: --url: the address of a server looks like http://localhost:8080, without name, password or query in it\n",
  },
  {
    what: "the address of something else",
    args: ({ page }) => ["lag", "--url", page],
    says: ({ page }) =>
      `nakadi: GET /subscriptions: the answer is not JSON. What answers at ${page} (from --url) does not look like a Nakadi\n`,
  },
  {
    what: "an address with the wrong path",
    args: ({ url }) => ["tail", "order.created", "--url", `${url}/api/v1`],
    says: ({ url }) =>
      `nakadi: GET /event-types: HTTP 404: Not Found. Is the address right, with its path? Tried ${url}/api/v1 (from --url)\n`,
  },
  {
    what: "the wrong token",
    args: ({ refusing }) => ["publish", "order.created", "--url", refusing],
    surroundings: () => ({ env: { NAKADI_TOKEN: "secret" }, stdin: "{}" }),
    says: ({ refusing }) =>
      `nakadi: GET /event-types/order.created: HTTP 401: token expired. The server ${refusing} (from --url) does not take the token ` +
      "from NAKADI_TOKEN. `nakadi doctor` shows which one is used\n",
  },
  {
    what: "no token where one is needed",
    args: ({ refusing }) => ["lag", "--url", refusing],
    says: ({ refusing }) =>
      `nakadi: GET /subscriptions: HTTP 401: token expired. The server ${refusing} (from --url) wants a token: ` +
      "NAKADI_TOKEN, --token-file, or a context with one\n",
  },
  {
    what: "a token's file that is not there",
    args: ({ url }) => ["lag", "--url", url, "--token-file", "/no/such/token"],
    says: () => /^nakadi: .*\/no\/such\/token.*\n$/,
  },
  {
    what: "a context that is not there",
    args: () => ["lag", "--context", "live"],
    exit: 2,
    says: () =>
      'nakadi: there is no context "live" (named by --context); there are none yet. `nakadi context add` adds one\n',
  },
  {
    what: "an event type that is misspelt",
    args: ({ url }) => ["tail", "order.creatd", "--url", url],
    says: () => "nakadi: there is no event type order.creatd. Did you mean order.created?\n",
  },
  {
    what: "a subscription that is not there",
    args: ({ url }) => ["consume", SUBSCRIPTION, "--exec", "cat", "--url", url],
    says: () => `nakadi: there is no subscription ${SUBSCRIPTION}. \`nakadi lag\` lists all that there are\n`,
  },
  {
    what: "the name of an event type for a subscription",
    args: ({ url }) => ["lag", "order.created", "--url", url],
    says: () =>
      "nakadi: there is no subscription order.created. A subscription is named by its id. `nakadi lag` lists all that there are\n",
  },
  {
    what: "a command that is misspelt",
    args: () => ["tial", "order.created"],
    exit: 2,
    says: () => "nakadi: unknown command 'tial' (Did you mean tail?). nakadi --help lists the commands\n",
  },
  {
    what: "a flag that is misspelt",
    args: () => ["tail", "order.created", "--form", "begin"],
    exit: 2,
    says: () => "nakadi: unknown option '--form' (Did you mean --from?). nakadi --help lists the commands\n",
  },
  {
    what: "broken JSON on line 3",
    args: ({ url }) => ["publish", "order.created", "--url", url],
    surroundings: () => ({ stdin: '{"order":"a"}\n{"order":"b"}\n{"order":\n' }),
    says: () =>
      "2 of 2 events published to order.created\nnakadi: standard input:3: this is not JSON: Unexpected end of JSON input\n",
  },
  {
    what: "an event that its schema does not allow",
    args: ({ url }) => ["publish", "order.created", "--url", url],
    surroundings: () => ({ stdin: '{"order":"a"}\n{"order":7}\n' }),
    says: () =>
      "standard input:2: rejected while validating: #/order: expected type: String, found: Integer\n" +
      "1 of 2 events published to order.created, 1 rejected\n",
  },
  {
    what: "a directory for a file",
    args: ({ url, directory }) => ["publish", "order.created", directory, "--url", url],
    says: ({ directory }) =>
      `nakadi: cannot read ${directory}: it is a directory. Name its files: ${directory}/*.ndjson\n`,
  },
  {
    what: "a file that is not there",
    args: ({ url }) => ["publish", "order.created", "orders.json", "--url", url],
    says: () => "nakadi: cannot read orders.json: there is no such file\n",
  },
  {
    what: "a place that is none",
    args: ({ url }) => ["tail", "order.created", "--from", "yesterday", "--url", url],
    exit: 2,
    says: () =>
      'nakadi: --from: "yesterday" is not a place in a log. Places are: begin, end, committed (of a subscription), a time like ' +
      "2026-11-25T10:00:00Z or 2026-11-25, a duration ago like 90s, 15min, 2h or 1d, and positions like 0:001-0001-000000000000000042\n",
  },
  {
    what: "an expression that is none",
    args: ({ url }) => ["search", "order.created", "--where", "total > 100", "--url", url],
    exit: 2,
    says: () =>
      'nakadi: "total > 100" is not a JMESPath expression: Syntax error: invalid token (Number): "100". One looks like ' +
      "order.total > `100` && status == 'open': numbers stand in backticks, texts in quotes (https://jmespath.org)\n",
  },
  {
    what: "a partition that is not there",
    args: ({ url }) => ["tail", "order.created", "--partition", "8", "--no-follow", "--url", url],
    exit: 2,
    says: () => "nakadi: --partition: there are, of order.created: 0\n",
  },
  {
    what: "a partition of a position that is not there",
    args: ({ url }) => ["tail", "order.created", "--from", "8:BEGIN", "--no-follow", "--url", url],
    exit: 2,
    says: () => "nakadi: --from: 8:BEGIN is in no partition of order.created: there are 0\n",
  },
  {
    what: "a partition without a name",
    args: ({ url }) => ["tail", "order.created", "--partition", "0,", "--url", url],
    exit: 2,
    says: () =>
      "nakadi: option '-p, --partition <names>' argument '0,' is invalid. It is one name or several, joined by commas. " +
      "nakadi --help lists the commands\n",
  },
  {
    what: "a position that is none",
    args: ({ url }) => ["tail", "order.created", "--from", "0:xyz", "--no-follow", "--url", url],
    exit: 2,
    says: () =>
      /^nakadi: --from: 0:xyz is not a position of partition 0 of order\.created, which ends at 001-0001-0+: .*\n$/,
  },
  {
    what: "the committed position of a subscription that was never read",
    args: ({ url }) => ["tail", "SUBSCRIPTION", "--from", "committed", "--url", url],
    exit: 2,
    says: () => "nakadi: this subscription was never read, so nothing is committed: take --from begin or end\n",
  },
  {
    what: "a function that is none",
    args: ({ url }) => ["tail", "order.created", "--select", "size(order)", "--no-follow", "--url", url],
    exit: 2,
    says: () => /^nakadi: "size\(order\)" is not a JMESPath expression: Unknown function: size\(\)\. .*\n$/,
  },
  {
    what: "a command for events that is empty",
    args: ({ url }) => ["consume", "SUBSCRIPTION", "--exec", " ", "--url", url],
    exit: 2,
    says: () => "nakadi: --exec needs a command that takes the events, as cat\n",
  },
  {
    what: "a command for events that takes too long",
    args: ({ url }) =>
      `consume SUBSCRIPTION --exec yes>/dev/null --timeout 1 --attempts 1 --wait 1 --quiet --url ${url}`.split(" "),
    says: () => "nakadi: the command ran for longer than --timeout, and was ended\n",
  },
  {
    what: "a command for events that is not there",
    args: ({ url }) => [
      "consume",
      "SUBSCRIPTION",
      "--exec",
      "no-such-command",
      "--attempts",
      "1",
      "--quiet",
      "--url",
      url,
    ],
    says: () => /^.*no-such-command: (command )?not found\nnakadi: the command exited with 127\n$/,
  },
  {
    what: "consume without a command",
    args: () => ["consume", SUBSCRIPTION],
    exit: 2,
    says: () => "nakadi: required option '--exec <command>' not specified. nakadi --help lists the commands\n",
  },
  {
    what: "a port that is in use",
    args: ({ taken }) => ["broker", "--port", String(taken)],
    says: ({ taken }) =>
      `nakadi: cannot listen on 127.0.0.1 port ${taken}: the port is in use. Stop what uses it, or choose another one: ` +
      `--port ${taken + 1}, or --port 0 for any\n`,
  },
  {
    what: "a directory of data without a name",
    args: () => ["broker", "--port", "0", "--data", ""],
    exit: 2,
    says: () => "nakadi: --data needs the name of a directory\n",
  },
  {
    what: "a directory of data that is a file",
    args: ({ directory }) => ["broker", "--port", "0", "--data", join(directory, "file")],
    says: () => /^nakadi: .*file.*\n$/,
  },
  {
    what: "a shell that has no completion",
    args: () => ["completion", "tcsh"],
    exit: 2,
    says: () =>
      "nakadi: command-argument value 'tcsh' is invalid for argument 'shell'. Allowed choices are bash, zsh, fish. " +
      "nakadi --help lists the commands\n",
  },
];

it.each(WRONG_USES)("$what", async ({ args, surroundings, exit = 1, says }) => {
  const world = await makeWorld();
  const given = await Promise.all(args(world).map(async (arg) => (arg === "SUBSCRIPTION" ? subscription(world) : arg)));
  const { code, stdout, stderr } = runCommand(given, {
    ...surroundings?.(world),
    env: { PATH: process.env["PATH"] ?? "", ...surroundings?.(world).env },
  });
  expect([await code, stdout.text]).toEqual([exit, ""]);
  const expected = says(world);
  if (typeof expected === "string") expect(stderr.text).toBe(expected);
  else expect(stderr.text).toMatch(expected);
  expect(stderr.text).not.toMatch(/ {4}at |secret/);
});
