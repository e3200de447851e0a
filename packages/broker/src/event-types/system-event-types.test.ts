import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../limits.ts";
import { readEventTypeRequest } from "./event-type-request.ts";
import { EventValidators } from "./schema/event-validator.ts";
import { newEventType } from "./new-event-type.ts";
import { DEAD_LETTER_QUEUE, systemEventTypes } from "./system-event-types.ts";

const complete = systemEventTypes().map((one) => newEventType(readEventTypeRequest(one), DEFAULT_LIMITS, 0));

test("are the queue of dead letters, the audit log, five indicators and the disk usage", () => {
  expect(complete.map(({ eventType }) => eventType.name).sort()).toEqual([
    "nakadi.access.log",
    "nakadi.audit.log",
    "nakadi.batch.published",
    "nakadi.data.streamed",
    "nakadi.dead.letter.queue",
    "nakadi.event.type.disk.usage",
    "nakadi.event.type.log",
    "nakadi.subscription.log",
  ]);
});

test("have schemas that compile; dead letters have one partition and live for a day", async () => {
  for (const { effectiveSchema } of complete)
    if (effectiveSchema) await new EventValidators().of(JSON.stringify(effectiveSchema));
  expect(complete.find(({ eventType }) => eventType.name === DEAD_LETTER_QUEUE)).toMatchObject({
    partitions: 1,
    eventType: { category: "business", options: { retention_time: 86_400_000 } },
  });
});
