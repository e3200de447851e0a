/** Verdicts without publishing: a broker of our own, with the same event type, takes the events and forgets them. */
import { type EventType, NakadiClient, type Publisher, type PublisherOptions } from "nakadi-client";

export async function withDryPublisher(
  eventType: EventType,
  options: PublisherOptions,
  work: (publisher: Publisher<object>) => Promise<void>,
): Promise<void> {
  const { startBroker } = await import("nakadi-broker");
  const broker = await startBroker();
  const nakadi = new NakadiClient({ baseUrl: broker.url });
  try {
    await nakadi.eventTypes.create(eventType);
    await work(nakadi.publisher<object>(eventType.name, options));
  } finally {
    await nakadi.close();
    await broker.close();
  }
}
