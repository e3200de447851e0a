/** YAML in which every character is seen. */
import { stringify, type ToStringOptions } from "yaml";
import { hasHidden, visibleData } from "./visible.ts";

export function visibleYaml(data: unknown, options: ToStringOptions = {}): string {
  const text = stringify(data, options);
  if (!hasHidden(text)) return text;
  // Only a quoted text has escapes.
  return visibleData(
    stringify(data, { ...options, defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "QUOTE_DOUBLE" }),
  );
}
