// JSON for people: what fits on a line stays on a line.
const WIDTH = 150;

export function pretty(value, indent = "", lead = 0) {
  const flat = inline(value);
  if (value === null || typeof value !== "object" || indent.length + lead + flat.length <= WIDTH) return flat;
  const deeper = indent + "  ";
  const inside = Array.isArray(value)
    ? value.map((item) => deeper + pretty(item, deeper))
    : Object.entries(value).map(
        ([key, item]) => `${deeper}${JSON.stringify(key)}: ${pretty(item, deeper, key.length + 5)}`,
      );
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${inside.join(",\n")}\n${indent}${close}`;
}

function inline(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  const members = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${inline(item)}`);
  return members.length ? `{ ${members.join(", ")} }` : "{}";
}
