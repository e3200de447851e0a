/**
 * Hints of written metadata records: for one record, or for all of a kind.
 */
import { Hints } from "./hints.ts";

export class WriteHints {
  readonly #ofKind = new Hints<string, [id: string]>();
  /** By kind and id as one JSON text. */
  readonly #ofRecord = new Hints<string, [id: string]>();

  /** @param id null: of every record of the kind */
  listen(kind: string, id: string | null, hint: (id: string) => void): Disposable {
    return id === null ? this.#ofKind.listen(kind, hint) : this.#ofRecord.listen(JSON.stringify([kind, id]), hint);
  }

  send(kind: string, id: string): void {
    this.#ofKind.send(kind, id);
    this.#ofRecord.send(JSON.stringify([kind, id]), id);
  }
}
