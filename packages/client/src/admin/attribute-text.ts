/**
 * Authorization attributes in queries: `data_type:value` (protocol 2.6, 5.2.2).
 * @pure
 */
import type { AuthorizationAttribute } from "nakadi-protocol";
import { ConfigError } from "../errors/nakadi-error.ts";
import { text } from "../options/checks.ts";

/** @throws {ConfigError} for a colon in either part: the server splits the text at the colon */
export function attributeText(path: string, { data_type, value }: AuthorizationAttribute): string {
  const parts = [text(`${path}.data_type`, data_type), text(`${path}.value`, value)];
  if (parts.some((part) => part.includes(":"))) throw new ConfigError(path, "without a colon in either part");
  return parts.join(":");
}
