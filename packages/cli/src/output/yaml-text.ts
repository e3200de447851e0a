/** YAML for programs, and for a terminal: there every character is seen. */
import { type ScalarTag, stringify, type ToStringOptions } from "yaml";
import { hasHidden, visibleData } from "./visible.ts";

/** Numbers of `parseExact`, as they are written. */
const EXACT_NUMBER: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  default: true,
  identify: (value) => typeof value === "symbol",
  resolve: Number,
  stringify: ({ value }) => (value as symbol).description ?? "",
};
const QUOTED = { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "QUOTE_DOUBLE" } as const;

export function yamlText(data: unknown, options: ToStringOptions = {}): string {
  return stringify(data, { lineWidth: 0, customTags: (tags) => [...tags, EXACT_NUMBER], ...options });
}

export function visibleYaml(data: unknown): string {
  const text = yamlText(data);
  // Only a quoted text has escapes.
  return hasHidden(text) ? visibleData(yamlText(data, QUOTED)) : text;
}
