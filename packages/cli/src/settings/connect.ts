/** From flags, environment and contexts to a client. */
import { NakadiClient } from "nakadi-client";
import type { Context } from "../context.ts";
import { explained } from "../explain.ts";
import { configPath, readConfig } from "./config-file.ts";
import { type Connection, type ConnectionFlags, resolveConnection } from "./connection.ts";
import { tokenProviderOf } from "./token-reference.ts";

export async function connectionOf({ env }: Context, flags: ConnectionFlags): Promise<Connection> {
  return resolveConnection(flags, env, await readConfig(configPath(env)));
}

/** Runs `work` with a client and closes it afterwards. */
export async function withClient<T>(
  context: Context,
  flags: ConnectionFlags,
  work: (nakadi: NakadiClient, connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connectionOf(context, flags);
  const { url, token } = connection;
  const nakadi = new NakadiClient({
    baseUrl: url.value,
    ...(token && { token: tokenProviderOf(token.value, context.env) }),
  });
  try {
    return await work(nakadi, connection);
  } catch (error) {
    throw explained(error, connection);
  } finally {
    await nakadi.close();
  }
}
