/**
 * The elements of a JSON array, each as it is written, with the line on which it begins.
 * @pure
 */
import { jsonTokens } from "nakadi-protocol";

export interface ArrayElement {
  text: string;
  /** From 1. */
  line: number;
}

/** @param array a JSON text that has been parsed, and is an array */
export function* arrayElements(array: string): Generator<ArrayElement, void, undefined> {
  let [depth, line, counted] = [0, 1, 0];
  let first: number | undefined;
  let behind = 0;
  for (const { start, end } of jsonTokens(array)) {
    const token = array[start];
    if (token === "]" || token === "}") depth -= 1;
    const isEnd = (depth === 1 && token === ",") || depth === 0;
    if (isEnd && first !== undefined) {
      line += lineBreaks(array, counted, first);
      counted = first;
      yield { text: array.slice(first, behind), line };
      first = undefined;
    } else if (depth > 0 && !isEnd) {
      first ??= start;
      behind = end;
    }
    if (token === "[" || token === "{") depth += 1;
  }
}

function lineBreaks(text: string, from: number, to: number): number {
  let breaks = 0;
  for (let at = text.indexOf("\n", from); at !== -1 && at < to; at = text.indexOf("\n", at + 1)) breaks += 1;
  return breaks;
}
