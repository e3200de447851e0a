/** Stored events are not what was written, or are missing. */

/** None of them is delivered, and none is passed over: a read that begins there ends with this. */
export class DamagedEventsError extends Error {
  override readonly name = "DamagedEventsError";
  /** Where they are on disk, relative to the data directory. */
  readonly place: string;
  /** The first offset that cannot be read. */
  readonly offset: number;
  constructor(place: string, offset: number) {
    super(`The stored events in ${place} are damaged at offset ${offset}; "nakadi repair" says which are gone.`);
    this.place = place;
    this.offset = offset;
  }
}
