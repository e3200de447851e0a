/**
 * The demo's account as a person reads it.
 * @pure
 */
import type { Account } from "./account.ts";

const NEXT = `
Try next:
  npx nakadi broker --data ./nakadi-data              a broker of your own, on http://127.0.0.1:8080
  curl http://127.0.0.1:8080/event-types              what is there
  README.md                                           the first event in a minute, with curl and with the library
`;

/** @param faults what keeps the account from being clean */
export function report(account: Account, faults: readonly string[]): string {
  const rows: [name: string, value: number][] = [
    ["published", account.published],
    ["delivered", account.delivered],
    ["distinct", account.distinct],
    ["out of order", account.outOfOrder],
    ["lost", account.lost],
    ["committed again", account.committedAgain],
    ["reconnects", account.reconnects],
    ...account.reconnectsAfterKill.map((count, index): [string, number] => [
      `of consumer ${index + 1} after the kill`,
      count,
    ]),
    ["lag", account.lag],
  ];
  const table = rows
    .map(([name, value]) => `  ${name.padEnd(28)} ${value.toLocaleString("en").padStart(6)}\n`)
    .join("");
  const verdict =
    faults.length === 0
      ? "Every event was handled and committed.\n"
      : `The account is not clean:\n${faults.map((fault) => `  ${fault}\n`).join("")}`;
  return `\nThe account, from what the consumers wrote down:\n${table}${verdict}${faults.length === 0 ? NEXT : ""}`;
}
