/**
 * What a barrage finds on the broker: few names, so that requests meet each other's work and nothing grows without end.
 * @pure
 */
export const EVENT_TYPES = {
  /** Any object goes in. */
  undefined: "fuzz.undefined",
  business: "fuzz.business",
  compacted: "fuzz.compacted",
  hashed: "fuzz.hashed",
  /** Made and removed by the requests themselves. */
  coming: "fuzz.coming",
  going: "fuzz.going",
} as const;

export const APPLICATIONS = ["fuzz-app", "fuzz-other"] as const;
export const GROUPS = ["default", "fuzz-group"] as const;

const METADATA = { category: "business", enrichment_strategies: ["metadata_enrichment"] };
const STATISTIC = { messages_per_minute: 1, message_size: 1, read_parallelism: 3, write_parallelism: 3 };

function definition(name: string, members: object): object {
  const schema = { type: "json_schema", schema: '{"type":"object","properties":{"foo":{"type":"string"}}}' };
  return { name, owning_application: APPLICATIONS[0], category: "undefined", schema, ...members };
}

/** What is there at the beginning of each round. */
export const DEFINITIONS: readonly object[] = [
  definition(EVENT_TYPES.undefined, { default_statistic: STATISTIC }),
  definition(EVENT_TYPES.business, METADATA),
  definition(EVENT_TYPES.compacted, { ...METADATA, cleanup_policy: "compact" }),
  definition(EVENT_TYPES.hashed, {
    partition_strategy: "hash",
    partition_key_fields: ["foo"],
    default_statistic: STATISTIC,
    compatibility_mode: "none",
  }),
];

export const SUBSCRIPTIONS: readonly object[] = [
  { owning_application: APPLICATIONS[0], event_types: [EVENT_TYPES.undefined], read_from: "begin" },
  { owning_application: APPLICATIONS[1], event_types: [EVENT_TYPES.business, EVENT_TYPES.hashed], read_from: "begin" },
];
