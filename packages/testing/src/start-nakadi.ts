/** A broker and a client for a test. */
import { type Broker, type BrokerOptions, startBroker } from "nakadi-broker";
import { NakadiClient, type NakadiClientOptions } from "nakadi-client";

export interface TestNakadi extends AsyncDisposable {
  readonly broker: Broker;
  /** A client of that broker. */
  readonly nakadi: NakadiClient;
  /** Closes the client, stops the broker. Idempotent. */
  stop(): Promise<void>;
}

export interface TestNakadiOptions extends BrokerOptions {
  /** Options of the client; its base URL is the broker's. */
  client?: Omit<NakadiClientOptions, "baseUrl">;
}

/**
 * Starts a broker on a free port of 127.0.0.1, in memory, and a client for it.
 *
 * ```ts
 * const { nakadi, stop } = await startNakadi();
 * afterAll(stop);
 * ```
 */
export async function startNakadi({ client, ...broker }: TestNakadiOptions = {}): Promise<TestNakadi> {
  const started = await startBroker(broker);
  let nakadi: NakadiClient;
  try {
    nakadi = new NakadiClient({ ...client, baseUrl: started.url });
  } catch (error) {
    await started.close();
    throw error;
  }
  const stop = async (): Promise<void> => {
    await nakadi.close();
    await started.stop();
  };
  return { broker: started, nakadi, stop, [Symbol.asyncDispose]: stop };
}
