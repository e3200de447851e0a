/** A broker and a client for a test. */
import { type Broker, BROKER_OPTION_NAMES, type BrokerOptions, startBroker } from "nakadi-broker";
import { ConfigError, NakadiClient, type NakadiClientOptions } from "nakadi-client";
import { unknownOption } from "nakadi-protocol";

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
 * @throws {BrokerOptionsError} @throws {ConfigError} for what is wrong with `client`; nothing is left running then
 *
 * ```ts
 * const { nakadi, stop } = await startNakadi();
 * afterAll(stop);
 * ```
 */
export async function startNakadi(options: TestNakadiOptions = {}): Promise<TestNakadi> {
  const { client, ...broker } = checked(options);
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

/** What is left to the broker and the client is checked by them. */
function checked(options: TestNakadiOptions): TestNakadiOptions {
  const fault = unknownOption("options", options, [...BROKER_OPTION_NAMES, "client"]);
  if (fault) throw new ConfigError(fault.path, fault.allowed);
  const { client } = options;
  if (client === undefined) return options;
  if (typeof client !== "object" || client === null)
    throw new ConfigError("options.client", "an object of options of NakadiClient");
  if ("baseUrl" in client) throw new ConfigError("options.client.baseUrl", "left out: it is the broker's");
  return options;
}
