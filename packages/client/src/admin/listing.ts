/**
 * The result of `list`: an async iterable that requests page after page, or an array.
 * @pure
 */

export interface Listing<T> extends AsyncIterable<T> {
  /** All items, in the order of the list. */
  toArray(): Promise<T[]>;
}

/** @param begin called for each pass over the list, when its first item is requested */
export function listing<T>(begin: () => AsyncIterable<T>): Listing<T> {
  return {
    [Symbol.asyncIterator]: () => begin()[Symbol.asyncIterator](),
    async toArray() {
      const all: T[] = [];
      for await (const one of begin()) all.push(one);
      return all;
    },
  };
}
