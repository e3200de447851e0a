/**
 * Stores reports as events of the broker's own event types (protocol 6.9): changes of resources while the feature
 * `audit_log_collection` is on, usage while `kpi_collection` is on. No request waits for a report: those that arrive during
 * a write are stored together by the next one.
 */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Clock, Subscription } from "nakadi-protocol";
import type { LogPort, MetadataPort, NewRecord } from "nakadi-storage";
import type { CompleteEventType, StoredEventType } from "../event-types/stored-event-type.ts";
import type { Limits } from "../limits.ts";
import type { Writers } from "../timelines/writers.ts";
import type { Stay } from "../node-membership.ts";
import { appendAll } from "../publishing/append.ts";
import { partitioner } from "../publishing/partition.ts";
import { FEATURE_KIND, type Features } from "../settings/features.ts";
import type { Change, Indicators } from "./report-events.ts";
import { auditEvent, changeStatus, DATA_STREAMED, eventTypeLog } from "./report-events.ts";
import { StreamReport } from "./stream-report.ts";

export interface ReportsParts {
  features: Features;
  writers: Writers;
  metadata: MetadataPort;
  log: LogPort;
  limits: Limits;
  clock: Clock;
  /** From 0 up to, but not including, 1. */
  random: () => number;
  uuid: () => string;
  flowId: () => string;
  /** Name of the calling application. */
  subject: string;
  /** Called with the failure of a write; its reports are lost. */
  onError: (error: unknown) => void;
}

type Collection = "audit_log_collection" | "kpi_collection";

interface Report {
  eventType: string;
  feature: Collection;
  atMs: number;
  /** Called only if the feature is on. */
  event: () => object;
}

const AUDIT_LOG = "nakadi.audit.log";
/** Reports beyond this number are dropped, so that a slow storage does not fill the memory. */
const MAX_PENDING = 10_000;
const STOP_MS = 1_000;
/** How long a feature counts as off without another look, unless a hint says that it changed. */
const OFF_MS = 1_000;

export class Reports implements AsyncDisposable {
  readonly #parts: ReportsParts;
  readonly #application: { app: string; app_hashed: string };
  readonly #stopping = new AbortController();
  readonly #hints: Disposable;
  /** By the monotonic clock. */
  readonly #offUntilMs = new Map<Collection, number>();
  #changes = 0;
  #pending: Report[] = [];
  #storing: Promise<void> | undefined;

  constructor(parts: ReportsParts) {
    this.#parts = parts;
    const hash = createHash("sha256").update(parts.subject).digest("hex");
    this.#application = { app: parts.subject, app_hashed: hash };
    this.#hints = parts.metadata.onWrite(FEATURE_KIND, null, () => {
      this.#changes++;
      this.#offUntilMs.clear();
    });
  }

  indicate<Name extends keyof Indicators>(eventType: Name, fields: () => Indicators[Name]): void {
    const event = (): object => ({ ...fields(), ...(eventType in WITH_APPLICATION && this.#application) });
    this.#add({ eventType, feature: "kpi_collection", event });
  }

  /** Reports a change; one that leaves the resource equal is not reported. */
  changed(change: Change): void {
    if (isDeepStrictEqual(change.before, change.after)) return;
    const { app: user, app_hashed: user_hash } = this.#application;
    const event = (): object => auditEvent(change, { user, user_hash });
    this.#add({ eventType: AUDIT_LOG, feature: "audit_log_collection", event });
  }

  /** Without `before` a creation, without `after` a deletion. */
  eventTypeChanged(before: CompleteEventType | undefined, after: CompleteEventType | undefined): void {
    const shown = after ?? before;
    if (!shown) return;
    this.indicate("nakadi.event.type.log", () => eventTypeLog(before, after, shown));
    this.changed({ resource: "event_type", id: shown.name, before, after });
  }

  /** Without `before` a creation, without `after` a deletion. */
  subscriptionChanged(before: Subscription | undefined, after: Subscription | undefined): void {
    const id = (after ?? before)?.id ?? "";
    this.indicate("nakadi.subscription.log", () => ({ subscription_id: id, status: changeStatus({ before, after }) }));
    this.changed({ resource: "subscription", id, before, after });
  }

  /** The usage report of one stream; the caller ends it with the stream. */
  stream(api: "hila" | "lola", subscription?: string): StreamReport {
    const { clock, limits } = this.#parts;
    return new StreamReport(clock, limits.streamReportMs, (eventType, sent) => {
      if (eventType === DATA_STREAMED) return;
      const about = { api, ...(subscription !== undefined && { subscription }), event_type: eventType };
      this.indicate(DATA_STREAMED, () => ({ ...about, token_realm: "", ...sent }));
    });
  }

  /** Resolves when all reports are stored, at the latest after 1 s: a switch of a timeline may block writes for longer. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { signal } = this.#stopping;
    const given = new Promise((resolve) => signal.addEventListener("abort", resolve));
    const late = setTimeout(() => this.#stopping.abort(), STOP_MS);
    await Promise.race([this.#storing, given]);
    clearTimeout(late);
    this.#hints[Symbol.dispose]();
  }

  #add(report: Omit<Report, "atMs">): void {
    const { clock } = this.#parts;
    if (clock.monotonicMs() < (this.#offUntilMs.get(report.feature) ?? 0)) return;
    if (this.#pending.length >= MAX_PENDING) return;
    this.#pending.push({ ...report, atMs: clock.wallMs() });
    this.#storing ??= this.#storeAll();
  }

  async #storeAll(): Promise<void> {
    // The caller goes on first.
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const reports = this.#pending;
      this.#pending = [];
      await this.#store(reports).catch(this.#parts.onError);
    }
    this.#storing = undefined;
  }

  async #store(reports: readonly Report[]): Promise<void> {
    const collected = {
      audit_log_collection: await this.#collects("audit_log_collection"),
      kpi_collection: await this.#collects("kpi_collection"),
    };
    const byEventType = new Map<string, Report[]>();
    for (const report of reports) {
      if (!collected[report.feature]) continue;
      const others = byEventType.get(report.eventType);
      if (others) others.push(report);
      else byEventType.set(report.eventType, [report]);
    }
    await Promise.all(
      [...byEventType].map(([eventType, wanted]) =>
        this.#parts.writers
          .write(eventType, async ({ stored, stay }) => stored && this.#append(stored, wanted, stay))
          .catch(this.#parts.onError),
      ),
    );
  }

  async #collects(feature: Collection): Promise<boolean> {
    const { features, clock } = this.#parts;
    const changes = this.#changes;
    const isOn = await features.isEnabled(feature);
    // A change during the look may be missing from its result.
    if (!isOn && changes === this.#changes) this.#offUntilMs.set(feature, clock.monotonicMs() + OFF_MS);
    return isOn;
  }

  async #append(stored: StoredEventType, reports: readonly Report[], stay: Stay): Promise<void> {
    const { log, clock, limits } = this.#parts;
    const current = stored.timelines.at(-1);
    if (!current) return;
    const partitions: number[] = [];
    const records = reports.map((report): NewRecord => {
      const { partition, value } = this.#record(stored, report);
      partitions.push(partition);
      return { value };
    });
    const terms = { log, clock, timeoutMs: limits.publishTimeoutMs, signal: this.#stopping.signal, stay };
    const failures = await appendAll(terms, current.log, records, partitions);
    for (const why of failures.values()) throw new Error(`Reports to ${stored.eventType.name} are lost: ${why}`);
  }

  /** The stored bytes, like those of an enriched event; metadata is last, as in the real server's own events. */
  #record(
    { eventType, partitions }: StoredEventType,
    { event, atMs }: Report,
  ): { partition: number; value: Uint8Array } {
    const { random, uuid, flowId, subject } = this.#parts;
    const { partition_strategy: strategy, partition_key_fields: keyFields, category } = eventType;
    const value: object = event();
    const find = partitioner({ strategy, keyFields, category, partitions, random });
    const found = find({ bytes: new Uint8Array(), value: { ...value }, hasOddNumbers: false });
    // An operator may have set key fields that reports lack.
    const partition = typeof found === "number" ? found : 0;
    const at = new Date(atMs).toISOString();
    const metadata = {
      eid: uuid(),
      occurred_at: at,
      event_type: eventType.name,
      partition: String(partition),
      received_at: at,
      flow_id: flowId(),
      version: eventType.schema.version,
      published_by: subject,
    };
    return { partition, value: Buffer.from(JSON.stringify({ ...value, metadata })) };
  }
}

const WITH_APPLICATION = { "nakadi.access.log": true, "nakadi.batch.published": true, "nakadi.data.streamed": true };
