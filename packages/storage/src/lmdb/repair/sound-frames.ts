/**
 * The frames that are left, made into partitions that can be read from one end to the other: where events are missing, a row
 * without frames says so, and no offset that may have belonged to a lost event is ever given to another one.
 */
import { frameKey, logOf, partitionOf, partitionKey } from "../keys.ts";
import { encodeRow, ENTRY_BYTES, readRowHead, recordCount } from "../row-codec.ts";
import type { RowHead } from "../row-codec.ts";
import type { KeyRange, Row } from "./walk.ts";

export interface PartitionAccount {
  log: number;
  partition: number;
  /** Events. */
  kept: number;
  /** Those that lay between kept ones. */
  lostBetween: number;
  /** The first offset that is there. */
  oldest: number;
  /** Whether something before it is lost, and not only gone by retention. */
  mayLackStart: boolean;
  /** Where it is not known how many events there were at the end: behind the last kept one, and where new ones go on. */
  lostEnd: { from: number; next: number } | undefined;
}

interface Log {
  number: number;
  partitions: number;
}

export class SoundFrames {
  /** Of every partition, once `rows` and `ends` are at their end. */
  readonly accounts: PartitionAccount[] = [];
  /** Events of logs that nobody knows any more. */
  homeless = 0;
  readonly #logs: ReadonlyMap<number, Log>;
  readonly #lost: readonly KeyRange[];
  readonly #bases: ReadonlyMap<string, number>;
  readonly #beyond: number;
  #current: { account: PartitionAccount; last: RowHead | undefined } | undefined;

  /**
   * @param lost where frames may be missing
   * @param bases where partitions go on that hold no frame, by the hexadecimal text of their key
   * @param fileBytes more events than fit into so many bytes cannot be missing
   */
  constructor(
    logs: readonly Log[],
    lost: readonly KeyRange[],
    { bases, fileBytes }: { bases: ReadonlyMap<string, number>; fileBytes: number },
  ) {
    this.#logs = new Map(logs.map((log) => [log.number, log]));
    this.#lost = lost;
    this.#bases = bases;
    this.#beyond = Math.ceil(fileBytes / ENTRY_BYTES);
  }

  /** What is to be written for these rows, which come in the order of their keys. */
  *rows(rows: Iterable<Row>): Generator<Row, void, undefined> {
    for (const row of rows) {
      const head = readRowHead(row.key, row.value);
      const [log, partition] = [logOf(row.key), partitionOf(row.key)];
      if (partition >= (this.#logs.get(log)?.partitions ?? 0)) {
        this.homeless += recordCount(row.value);
        continue;
      }
      if (this.#current?.account.log !== log || this.#current.account.partition !== partition) {
        yield* this.#end();
        const account = this.#open(log, partition, head.first);
        account.mayLackStart = this.#isLost(frameKey(log, partition, 0), row.key);
        this.#current = { account, last: undefined };
      }
      yield* this.#next(this.#current, head, row);
    }
    yield* this.#end();
    yield* this.#withoutFrames();
  }

  *#next(current: { account: PartitionAccount; last: RowHead | undefined }, head: RowHead, row: Row): Generator<Row> {
    const { account, last } = current;
    // Found beside a newer row that holds the same.
    if (last && head.first <= last.last) return;
    if (last && head.first > last.last + 1) {
      account.lostBetween += head.first - last.last - 1;
      yield gap(account, { ...last, first: last.last + 1, last: head.first - 1 });
    }
    account.kept += recordCount(row.value);
    current.last = head;
    yield row;
  }

  *#end(): Generator<Row> {
    if (!this.#current?.last) return;
    const { account, last } = this.#current;
    yield* this.#lostEnd(account, last.last + 1, last);
  }

  /** Partitions of which no frame is left, or never was one. */
  *#withoutFrames(): Generator<Row> {
    const seen = new Set(this.accounts.map(({ log, partition }) => `${log}:${partition}`));
    for (const { number: log, partitions } of this.#logs.values()) {
      for (let partition = 0; partition < partitions; partition++) {
        if (seen.has(`${log}:${partition}`)) continue;
        const base = this.#bases.get(partitionKey(log, partition).toString("hex")) ?? 0;
        const account = this.#open(log, partition, base);
        yield* this.#lostEnd(account, base, { first: base, last: base - 1, timestampMs: 0, latestMs: 0 });
      }
    }
  }

  *#lostEnd(account: PartitionAccount, from: number, last: RowHead): Generator<Row> {
    const { log, partition } = account;
    const end = frameKey(log, partition, Number.MAX_SAFE_INTEGER);
    if (!this.#isLost(frameKey(log, partition, from), end)) return;
    account.lostEnd = { from, next: from + this.#beyond };
    yield gap(account, { ...last, first: from, last: from + this.#beyond - 1 });
  }

  #open(log: number, partition: number, oldest: number): PartitionAccount {
    const account = { log, partition, kept: 0, lostBetween: 0, oldest, mayLackStart: false, lostEnd: undefined };
    this.accounts.push(account);
    return account;
  }

  /** Whether a row may be missing whose key is `from` or greater, and less than `to`. */
  #isLost(from: Buffer, to: Buffer): boolean {
    return this.#lost.some(
      (range) => Buffer.compare(range.from, to) < 0 && (!range.to || Buffer.compare(range.to, from) > 0),
    );
  }
}

function gap({ log, partition }: PartitionAccount, head: RowHead): Row {
  const key = frameKey(log, partition, head.first);
  return { key, value: encodeRow(key, head, []) };
}
