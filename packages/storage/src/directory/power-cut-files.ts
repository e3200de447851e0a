/**
 * Files in memory whose power can be cut, for tests: what was written since the last sync is then lost, whole or torn at any
 * byte, each write for itself, and so is the name of what was made, renamed or removed in a directory that was not synced.
 * @pure
 */
import type { Files, OpenFile } from "./files.ts";

/** A change of a file that is not synced: bytes at a position, or a new length. */
type FileChange = { at: number; bytes: Buffer } | { length: number };

/** A change of names that is not synced: all of it happens, or nothing. */
interface NameChange {
  /** Where it takes place: syncing one of them makes it durable. */
  directories: readonly string[];
  /** null removes. */
  names: readonly (readonly [path: string, file: Inode | null])[];
}

class Inode {
  static #last = 0;
  readonly id: number = (Inode.#last += 1);
  /** What readers see. */
  now: Content;
  /** What is certainly on disk. */
  synced: Content;
  unsynced: FileChange[] = [];

  constructor(content: Content = new Content()) {
    this.now = content;
    this.synced = content.copy();
  }

  change(change: FileChange): void {
    this.now.apply(change);
    this.unsynced.push(change);
  }

  sync(): void {
    for (const change of this.unsynced) this.synced.apply(change);
    this.unsynced = [];
  }

  /** What the power's end leaves. */
  torn(random: () => number): Inode {
    const content = this.synced.copy();
    for (const change of this.unsynced) {
      const fate = random();
      if (fate < 1 / 3) continue;
      if (fate < 2 / 3 || "length" in change) content.apply(change);
      else {
        const start = random() < 0.5 ? 0 : Math.floor(random() * change.bytes.length);
        const end = start + Math.floor(random() * (change.bytes.length - start));
        content.apply({ at: change.at + start, bytes: change.bytes.subarray(start, end) });
        // The length may be on disk without the bytes.
        if (random() < 0.5) content.apply({ length: Math.max(content.length, change.at + change.bytes.length) });
      }
    }
    return new Inode(content);
  }
}

/** Bytes that grow. */
class Content {
  #bytes: Buffer;
  length: number;

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#bytes = bytes;
    this.length = bytes.length;
  }

  copy(): Content {
    return new Content(Buffer.from(this.#bytes.subarray(0, this.length)));
  }

  apply(change: FileChange): void {
    if ("length" in change) {
      this.#reserve(change.length);
      if (change.length < this.length) this.#bytes.fill(0, change.length, this.length);
      this.length = change.length;
    } else if (change.bytes.length > 0) {
      const end = change.at + change.bytes.length;
      this.#reserve(end);
      this.#bytes.set(change.bytes, change.at);
      this.length = Math.max(this.length, end);
    }
  }

  read(buffer: Uint8Array, position: number): number {
    const part = this.#bytes.subarray(Math.min(position, this.length), Math.min(position + buffer.length, this.length));
    buffer.set(part);
    return part.length;
  }

  #reserve(length: number): void {
    if (length <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(length, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
  }
}

/** The error of every call after the cut. */
export class PowerCutError extends Error {
  override readonly name = "PowerCutError";
  constructor() {
    super("The power was cut.");
  }
}

export class PowerCutFiles implements Files {
  readonly #random: () => number;
  readonly #directories: Set<string>;
  readonly #files: Map<string, Inode>;
  readonly #syncedFiles: Map<string, Inode>;
  #unsyncedNames: NameChange[] = [];
  #operationsLeft = Infinity;
  #whenCut: () => void = () => undefined;
  /** Resolves at the cut. */
  readonly cut: Promise<void> = new Promise((resolve) => (this.#whenCut = resolve));

  /** @param random 0 up to 1: decides what a cut leaves, and in which turn of the event loop a call is carried out */
  constructor(random: () => number, files: ReadonlyMap<string, Inode> = new Map(), directories: Iterable<string> = []) {
    this.#random = random;
    this.#files = new Map(files);
    this.#syncedFiles = new Map(files);
    this.#directories = new Set(directories);
    for (const path of files.keys()) this.#addDirectory(parentOf(path));
  }

  /** Cuts the power in the middle of the n-th call from now on; 0: at once. */
  cutAfter(calls: number): void {
    this.#operationsLeft = calls;
    if (calls === 0) this.#whenCut();
  }

  /** The disk when the power is back. */
  restarted(): PowerCutFiles {
    this.cutAfter(0);
    const names = new Map(this.#syncedFiles);
    for (const change of this.#unsyncedNames) if (this.#random() < 0.5) applyTo(names, change);
    const torn = new Map<Inode, Inode>();
    const files = new Map<string, Inode>();
    for (const [path, inode] of names) {
      const left = torn.get(inode) ?? inode.torn(this.#random);
      torn.set(inode, left);
      files.set(path, left);
    }
    return new PowerCutFiles(this.#random, files, this.#directories);
  }

  async open(path: string, access: "read" | "write" | "create"): Promise<OpenFile> {
    await this.#operation();
    let inode = this.#files.get(path);
    if (!inode) {
      if (access !== "create" || !this.#directories.has(parentOf(path))) throw systemError("ENOENT", path);
      inode = new Inode();
      this.#change({ directories: [parentOf(path)], names: [[path, inode]] });
    }
    const file = inode;
    return {
      read: async (buffer, position) => {
        await this.#operation();
        return file.now.read(buffer, position);
      },
      writev: async (parts, position) => {
        const bytes = Buffer.concat(parts);
        await this.#operation(() => file.change({ at: position, bytes }));
        file.change({ at: position, bytes });
      },
      datasync: async () => {
        await this.#operation();
        file.sync();
      },
      truncate: async (length) => {
        await this.#operation(() => file.change({ length }));
        file.change({ length });
      },
      size: async () => {
        await this.#operation();
        return file.now.length;
      },
      identity: async () => String(file.id),
      close: async () => undefined,
    };
  }

  async list(path: string): Promise<readonly string[]> {
    await this.#operation();
    const inside = [...this.#files.keys(), ...this.#directories].filter((each) => parentOf(each) === path);
    return inside.map((each) => each.slice(path.length + 1));
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#operation();
    this.#addDirectory(path);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#operation(() => this.#rename(from, to));
    this.#rename(from, to);
  }

  async unlink(path: string): Promise<void> {
    const change = { directories: [parentOf(path)], names: [[path, null] as const] };
    await this.#operation(() => this.#change(change));
    if (this.#files.has(path)) this.#change(change);
  }

  async removeDirectory(path: string): Promise<void> {
    await this.#operation();
    if ([...this.#files.keys()].some((each) => each.startsWith(`${path}/`))) throw systemError("ENOTEMPTY", path);
    this.#directories.delete(path);
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#operation();
    const touches = ({ directories }: NameChange): boolean => directories.includes(path);
    for (const change of this.#unsyncedNames) if (touches(change)) applyTo(this.#syncedFiles, change);
    this.#unsyncedNames = this.#unsyncedNames.filter((change) => !touches(change));
  }

  async identity(path: string): Promise<string | undefined> {
    await this.#operation();
    const inode = this.#files.get(path);
    return inode ? String(inode.id) : this.#directories.has(path) ? path : undefined;
  }

  #addDirectory(path: string): void {
    for (let each = path; each !== parentOf(each); each = parentOf(each)) this.#directories.add(each);
  }

  #rename(from: string, to: string): void {
    const directories = [parentOf(from), parentOf(to)];
    const inode = this.#files.get(from);
    if (inode) {
      const names = [[from, null] as const, [to, inode] as const];
      return this.#change({ directories, names });
    }
    if (!this.#directories.has(from)) throw systemError("ENOENT", from);
    const inside = (path: string): boolean => path === from || path.startsWith(`${from}/`);
    const names = [...this.#files].flatMap(([path, file]) =>
      inside(path) ? [[path, null] as const, [to + path.slice(from.length), file] as const] : [],
    );
    this.#change({ directories, names });
    const moved = [...this.#directories].filter(inside);
    for (const each of moved) this.#directories.delete(each);
    for (const each of moved) this.#directories.add(to + each.slice(from.length));
  }

  #change(change: NameChange): void {
    applyTo(this.#files, change);
    this.#unsyncedNames.push(change);
  }

  /** @param half what the call may have done of its work when the power is cut in the middle of it */
  async #operation(half?: () => void): Promise<void> {
    do await new Promise((resolve) => void setImmediate(resolve));
    while (this.#random() < 0.2);
    if (this.#operationsLeft <= 0) throw new PowerCutError();
    this.#operationsLeft -= 1;
    if (this.#operationsLeft > 0) return;
    half?.();
    this.#whenCut();
    throw new PowerCutError();
  }
}

function applyTo(files: Map<string, Inode>, { names }: NameChange): void {
  for (const [path, inode] of names)
    if (inode) files.set(path, inode);
    else files.delete(path);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
