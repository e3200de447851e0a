/** Feature toggles (protocol 6.3): metadata of kind `feature`, its id the name. A feature without a record is as configured. */
import type { MetadataPort, Versioned } from "nakadi-storage";
import type { Snapshot, Snapshots } from "../metadata-snapshot.ts";
import { ProblemError } from "../problems.ts";
import { Members } from "../request-body.ts";

const FEATURES = [
  "disable_event_type_creation",
  "disable_event_type_deletion",
  "delete_event_type_with_subscriptions",
  "event_type_deletion_only_admins",
  "disable_subscription_creation",
  "remote_tokeninfo",
  "kpi_collection",
  "audit_log_collection",
  "disable_db_write_operations",
  "force_event_type_authz",
  "force_subscription_authz",
  "repartitioning",
  "event_owner_selector_authz",
  "access_log_enabled",
  "token_subscriptions_iteration",
  "return_body_on_create_update_event_type",
  "validate_subscription_owning_application",
  "validate_event_type_owning_application",
  "skip_misplaced_events",
  "dlq_redrive_event_type_attachment_job",
  "force_data_lake_annotations",
] as const;

export type FeatureName = (typeof FEATURES)[number];

export interface FeatureToggle {
  feature: FeatureName;
  enabled: boolean;
}

export const FEATURE_KIND = "feature";

/**
 * The feature and the value in a body, parsed JSON.
 * @throws {ProblemError} 400 for an unknown name
 * @throws {ValidationError} without a name
 */
export function readFeatureToggle(body: unknown): FeatureToggle {
  const members = Members.of(body);
  const name = members.requiredText("feature");
  const enabled = members.flag("enabled") ?? false;
  members.demandValid();
  const feature = FEATURES.find((one) => one === name.toLowerCase());
  if (feature !== undefined) return { feature, enabled };
  throw new ProblemError(400, `Illegal enum value: '${name}'. Possible values: [${FEATURES.join(", ")}]`);
}

export class Features {
  readonly #metadata: MetadataPort;
  readonly #snapshots: Snapshots;
  readonly #on: readonly FeatureName[];

  /** @param on features that are on unless an operator has switched them off */
  constructor(metadata: MetadataPort, snapshots: Snapshots, on: readonly FeatureName[] = []) {
    this.#metadata = metadata;
    this.#snapshots = snapshots;
    this.#on = on;
  }

  async isEnabled(feature: FeatureName, at?: Snapshot): Promise<boolean> {
    return (await this.#stored(at)).get(feature)?.value ?? this.#on.includes(feature);
  }

  async list(): Promise<FeatureToggle[]> {
    const set = await this.#stored();
    return FEATURES.map((feature) => ({ feature, enabled: set.get(feature)?.value ?? this.#on.includes(feature) }));
  }

  /** Takes effect with the next request. */
  async set({ feature, enabled }: FeatureToggle): Promise<void> {
    await this.#metadata.write([{ kind: FEATURE_KIND, id: feature, expect: "any", value: enabled }]);
  }

  /** @throws {ProblemError} 422 if the feature makes the section mandatory and it is absent */
  async demandAuthorization(
    feature: "force_event_type_authz" | "force_subscription_authz",
    section: object | null,
    at?: Snapshot,
  ): Promise<void> {
    if (section === null && (await this.isEnabled(feature, at))) {
      throw new ProblemError(422, "Authorization section is mandatory");
    }
  }

  /** @throws {ProblemError} 503 while the feature `disable_db_write_operations` is on */
  async demandWritable(at?: Snapshot): Promise<void> {
    if (await this.isEnabled("disable_db_write_operations", at)) {
      throw new ProblemError(503, "Database is currently in read-only mode");
    }
  }

  async #stored(at?: Snapshot): Promise<ReadonlyMap<string, Versioned<boolean>>> {
    return (at ?? (await this.#snapshots.take())).records<boolean>(FEATURE_KIND);
  }
}
