/** Colour, where a person watches and has not declined it (https://no-color.org). */
import picocolors from "picocolors";
import type { Context, Output } from "../context.ts";

export type Colours = ReturnType<typeof picocolors.createColors>;

export function coloursFor({ isTTY }: Output, { env }: Pick<Context, "env">): Colours {
  const wanted = isTTY && !env["NO_COLOR"];
  return picocolors.createColors(wanted);
}
