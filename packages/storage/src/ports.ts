/**
 * The three ports between the broker's domain and its storage. Rules over all of them:
 * any node may call any method; nothing spans two ports (a use case that writes to two is ordered and idempotent);
 * a method that promises durability resolves only when the bytes are durable; hints (`on…`) may be late, doubled or
 * lost, so a listener also polls, rarely; a listener must not throw. Bad input is a `RangeError` or `TypeError`
 * before anything is stored. One compliance suite (`compliance/`) holds every engine to this.
 * @pure
 */

/** One timeline of one event type, from a fresh UUID: a re-created name never meets old data. */
export type LogId = string;

/** Handed over with the append: the caller changes neither the record nor its bytes afterwards. */
export interface NewRecord {
  /** The event's bytes; null is a tombstone. */
  value: Uint8Array | null;
  /** What compaction compares. */
  key?: string;
  /** The only subscription that may see this event. */
  consumerTag?: string;
}

export interface Appended {
  outcome: "stored";
  first: number;
  last: number;
  timestampMs: number;
}

/** `not-stored` is certain; `unknown` may or may not be stored. */
export interface NotAppended {
  outcome: "not-stored" | "unknown";
  cause: unknown;
}

/**
 * All records of one append to one partition, or those of them that a read asked for. Its bytes belong to the caller and
 * are never written to.
 */
export interface Frame {
  /** Offset of the first record. */
  first: number;
  timestampMs: number;
  /** Ascending, one a record; may have gaps. */
  offsets: readonly number[];
  records: readonly NewRecord[];
}

export interface Slice {
  /** Frames that begin at `from` or later, and the one that contains `from`, cut to it; the last one cut to `max`. */
  frames: readonly Frame[];
  /** Where the next read goes on: never before `from`, equal to it if nothing is new, beyond it where records are gone. */
  next: number;
  /** The oldest offset that is still there. */
  oldest: number;
}

export interface LogPolicy {
  /** null: kept without a limit. */
  retentionMs: number | null;
  compact: boolean;
  /**
   * Of each partition at least that many of its newest bytes stay, as the engine stores them; older records may be dropped, the
   * oldest first. 1 or more; absent: size is not looked at.
   */
  retentionBytes?: number;
}

export interface Bounds {
  /** The oldest offset that is still there; equal to `next` if nothing is. */
  oldest: number;
  /** The offset that the next record gets. */
  next: number;
}

export interface LogPort {
  /**
   * Create, grow, remove and configure are idempotent: what exists is not created again, what has as many partitions
   * does not grow, what is gone is not removed. Offsets begin at 0. `partitions` is 1 or more.
   */
  create(log: LogId, partitions: number, policy: LogPolicy): Promise<void>;
  grow(log: LogId, partitions: number): Promise<void>;
  remove(log: LogId): Promise<void>;
  configure(log: LogId, policy: LogPolicy): Promise<void>;
  /**
   * Durable when it resolves. A batch goes into its partition as a whole, in order, with consecutive offsets; each
   * partition has its own outcome. A `signal` that is aborted before the append starts makes it `not-stored`; later, an
   * engine may still give up what it has not sent. A node appends only while its lease is safe; where the way to the storage
   * takes time, nothing that it has begun may be stored after the lease has ended.
   * @throws {RangeError} for a partition that the log does not have and for an empty batch: nothing is stored then
   */
  append(
    log: LogId,
    batches: ReadonlyMap<number, readonly NewRecord[]>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, Appended | NotAppended>>;
  /**
   * At least one record if there is one, however large; else within `max`, where `bytes` counts the values. `from` may
   * lie before the oldest offset (-1 too) or beyond the end.
   * @throws {RangeError} for a partition that the log does not have, as does offsetAt
   */
  read(
    log: LogId,
    partition: number,
    from: number,
    max: { bytes: number; records: number },
    signal: AbortSignal,
  ): Promise<Slice>;
  /** By partition. @throws {NoSuchLogError} as do grow, configure, append, read and offsetAt */
  bounds(log: LogId): Promise<readonly Bounds[]>;
  /** The first offset whose record was stored at `timestampMs` or later; `next` if there is none. */
  offsetAt(log: LogId, partition: number, timestampMs: number): Promise<number>;
  /**
   * `hint` once an append to that partition can be read. No hint comes for a log that does not exist yet. Thousands may
   * listen at once: an append costs nothing for listeners of other partitions.
   */
  onAppend(log: LogId, partition: number, hint: () => void): Disposable;
}

/** The log was removed, or never created. */
export class NoSuchLogError extends Error {
  override readonly name = "NoSuchLogError";
  readonly log: LogId;
  constructor(log: LogId) {
    super(`There is no log ${log}.`);
    this.log = log;
  }
}

export interface Versioned<T> {
  value: T;
  /** 1 or more; grows with each write of this record and is not used again after a removal. */
  version: number;
}

/** With `unchanged` the value is what it was, and only the version is another one: listeners get no hint. */
export type Write =
  | { kind: string; id: string; expect: number | "absent" | "any"; value: unknown; unchanged?: true }
  | { kind: string; id: string; expect: number; remove: true };

/** Linearizable: sees every write that was acknowledged before, on any node. */
export interface MetadataPort {
  /** A value is as JSON gives it back. Others may hold the same object, so it is never changed. */
  get<T>(kind: string, id: string): Promise<Versioned<T> | undefined>;
  /** In one fixed order of ids, that of their characters where these are ASCII; those behind `after`. */
  list<T>(kind: string, page: { after?: string; limit: number }): Promise<readonly (Versioned<T> & { id: string })[]>;
  /**
   * All or nothing, durable when it resolves. Unique keys are records too.
   * @throws {TypeError} for a value that JSON cannot hold. @throws {RangeError} for a record that is written twice
   */
  write(writes: readonly Write[]): Promise<"written" | "conflict">;
  /** One cheap read validates a whole cache: it differs after each write. */
  revision(): Promise<number>;
  /** `hint` after writes of one record, or with `id` null of any record of the kind; others cost nothing. */
  onWrite(kind: string, id: string | null, hint: (id: string) => void): Disposable;
}

/** `<event type>:<partition>`. */
export type PartitionKey = `${string}:${number}`;

/** Compared by order, then number, both safe integers. */
export interface StoredPosition {
  order: number;
  number: number;
  /** What GET shows: the normalised offset, or the raw initial one. */
  text: string;
}

export interface Session {
  id: string;
  node: string;
  /** Empty: the server assigns. */
  requested: readonly PartitionKey[];
  commitTimeoutMs: number;
  /** Its client is gone; it only waits for commits, and makes room for a session that wants its slot. */
  lingering?: true;
}

/** `session` owns the partition until it is released to `next`. */
export interface Owned {
  partition: PartitionKey;
  session: string | null;
  next: string | null;
}

export interface Group {
  /** 1 or more; grows with each `change` and is not used again after a `remove`. */
  version: number;
  sessions: readonly Session[];
  topology: readonly Owned[];
  /** By the engine's wall clock: until then cursors are being reset. */
  resetUntilMs: number | null;
}

export interface Progress {
  at: StoredPosition;
  failedCommits: number;
  lastDeadLetter: StoredPosition | null;
}

export type CommitOutcome = "committed" | "outdated" | "no-session" | "not-owner" | "no-partition";

export interface CoordinationPort {
  /**
   * One lease a node, not one a stream (10^5 streams); it renews itself and expires by the engine's clock. `node` is a
   * name that never joined before (a fresh UUID for each lease), for else sessions of the lost lease would be alive again.
   * @throws {RangeError} where `node` holds a lease
   */
  join(node: string, ttlMs: number): Promise<NodeLease>;
  /** The names of all nodes that hold their lease at this moment. */
  living(): Promise<ReadonlySet<string>>;
  /** `alive`: sessions whose node holds its lease. `undefined` until the first `change`. */
  group(subscription: string): Promise<{ group: Group; alive: ReadonlySet<string> } | undefined>;
  /**
   * Slots, sessions, topology and reset marker in one compare-and-set; `expect` is 0 where there is no group yet.
   * `initial` sets the progress of partitions that have none.
   */
  change(
    subscription: string,
    expect: number,
    next: Omit<Group, "version">,
    initial?: ReadonlyMap<PartitionKey, Progress>,
  ): Promise<"changed" | "conflict">;
  progress(subscription: string): Promise<ReadonlyMap<PartitionKey, Progress>>;
  /**
   * The fence: session alive, owner of the partition, position strictly greater, in one atomic step. Items are taken in
   * order, one outcome each; nothing is written if one is refused (anything but committed or outdated), and the others'
   * outcomes say what they would have been. A partition without an owner is `no-partition`. A commit sets
   * `failedCommits` to 0 and leaves `lastDeadLetter`.
   */
  commit(
    subscription: string,
    session: string,
    items: readonly { partition: PartitionKey; at: StoredPosition }[],
  ): Promise<readonly CommitOutcome[]>;
  /**
   * Sets progress, backwards too, if the group still has version `expect` (0: there is none). A commit does not change
   * that version; so a caller that counts failures, while an owner may still commit, passes what it has read as `from`: it is a
   * conflict where one of these is not the same any more.
   */
  force(
    subscription: string,
    expect: number,
    to: ReadonlyMap<PartitionKey, Progress>,
    from?: ReadonlyMap<PartitionKey, Progress>,
  ): Promise<"forced" | "conflict">;
  remove(subscription: string): Promise<void>;
  /**
   * `hint` after changes of that subscription; those of others cost nothing. One of progress may name the partitions that
   * have moved, so that a commit wakes their readers only; without them, any may have.
   */
  onChange(
    subscription: string,
    hint: (what: "group" | "progress", partitions?: readonly PartitionKey[]) => void,
  ): Disposable;
}

/** Disposing of it ends it at once, for all nodes. */
export interface NodeLease extends AsyncDisposable {
  /** Aborted when the lease has expired or was ended; never held again. */
  readonly lost: AbortSignal;
  /** By the node's monotonic clock: nothing is delivered from then on. -Infinity once lost. */
  safeUntil(): number;
}

/** What an engine gives to one node. */
export interface Storage {
  readonly log: LogPort;
  readonly metadata: MetadataPort;
  readonly coordination: CoordinationPort;
  /** What an error that came from this storage means to an operator; the same error where it says enough. */
  explain?(error: unknown): unknown;
  /** Ends the node's leases and listeners; idempotent. Every later call is a `StorageClosedError`. */
  close(): Promise<void>;
}
