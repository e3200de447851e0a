// The event type that the publishing rows send to.
export async function createEventType(url, name = "bench", more = {}) {
  const created = await fetch(`${url}/event-types`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      name,
      owning_application: "bench",
      category: "undefined",
      schema: {
        type: "json_schema",
        schema: JSON.stringify({ type: "object", properties: { n: { type: "integer" } } }),
      },
      default_statistic: { messages_per_minute: 1, message_size: 1, read_parallelism: 8, write_parallelism: 8 },
      ...more,
    }),
  });
  if (created.status !== 201) throw new Error(`creating the event type: ${created.status}`);
}
