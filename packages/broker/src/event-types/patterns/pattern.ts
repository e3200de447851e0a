export class PatternError extends Error {
  readonly description: string;
  readonly part: string;
  constructor(description: string, part: string) { super(description); this.description = description; this.part = part; }
}
export function checkPattern(pattern: string): void {
  const look = /\(\?[=!<]+/.exec(pattern);
  if (look) throw new PatternError("invalid or unsupported Perl syntax", look[0]);
  try { new RegExp(pattern); } catch { throw new PatternError("error parsing regexp", pattern); }
}
export function compilePattern(pattern: string): RegExp { return new RegExp(pattern, "u"); }
