/**
 * What lists answer with: taken one by one, as the server's pages come, or as a whole.
 * @pure
 */

export interface Listing<T> extends AsyncIterable<T> {
  /** All of them, in the order of the list. */
  toArray(): Promise<T[]>;
}

/** @param begin called for each pass over the list: each asks the server anew, and not before the first is wanted */
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
