/**
 * One process a directory. Each process that wants it listens on a socket of its own inside the directory and owns it if
 * no other socket there is listened on. The kernel ends a socket with its process, however that one ends, and finds it by
 * inode: also from another container that has the volume. A process that is stopped keeps its socket.
 *
 * Of two processes that both listen, the one that looks last sees the other. So at most one sees none, and only that one
 * removes the sockets that dead processes have left; a process whose own socket was removed by mistake, between its making
 * and its listening, does not own the directory.
 */
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { open, readdir, realpath, stat, statfs, unlink } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { join } from "node:path";
import { DataDirectoryError } from "../data-directory-error.ts";

/** The process id is for people; it may be one of another container. */
const SOCKET = /^owner-([0-9]+)-[0-9a-f]{16}\.sock$/;
/** The system takes 107 bytes, 103 on macOS. */
const MAX_ADDRESS_BYTES = 103;
/** How often the older one of several processes looks again until the younger ones have gone. */
const LOOKS = 100;
const LOOK_EVERY_MS = 10;
/** What a file system answers that has no sockets. */
const NO_SOCKETS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EINVAL"];
/** Types of file systems that other hosts may write to, whose sockets this one does not see: NFS, SMB, CIFS, SMB 2. */
const SHARED_BETWEEN_HOSTS = [0x6969, 0x517b, 0xff534d42, 0xfe534d42];

export interface Ownership {
  /** False where another process may have the directory, because what shows the ownership was removed. */
  isHeld(): Promise<boolean>;
  /** `answer` gets the connections that other processes open to this one; without it they are closed. */
  serve?(answer: (socket: Socket) => void): void;
  /** Idempotent; nothing may be written any more. */
  release(): Promise<void>;
}

/** Whether the name of a file is one that `own` makes. */
export function isOwnerSocket(name: string): boolean {
  return SOCKET.test(name);
}

/** Takes an existing directory. @throws {DataDirectoryError} `in-use` or `unusable`; or what the system says */
export async function own(directory: string): Promise<Ownership> {
  if (process.platform === "win32") return ownByPipe(directory);
  if (SHARED_BETWEEN_HOSTS.includes((await statfs(directory)).type)) {
    throw unusable(directory, "it is on a network file system. Choose a directory on a disk of this host");
  }
  const { addressOf, close } = await addressing(directory);
  const name = `owner-${process.pid}-${randomBytes(8).toString("hex")}.sock`;
  const visitors = new Visitors();
  let server: Server | undefined;
  try {
    server = await listen(addressOf(name), visitors);
    for (const left of await leftByDead(directory, name, addressOf)) await remove(join(directory, left));
  } catch (error) {
    await end(server, join(directory, name));
    await close();
    if (NO_SOCKETS.includes(codeOf(error)))
      throw unusable(directory, "its file system has no sockets. Choose a directory on a disk of this host");
    throw error;
  }
  return {
    isHeld: async () => (await madeAt(directory, name)) !== undefined,
    serve: (answer) => visitors.serve(answer),
    release: async () => {
      visitors.end();
      await end(server, join(directory, name));
      await close();
    },
  };
}

/** The sockets of dead processes, where there is none of another living one. @throws {DataDirectoryError} */
async function leftByDead(
  directory: string,
  own: string,
  addressOf: (name: string) => string,
): Promise<readonly string[]> {
  const mine = await madeAt(directory, own);
  for (let look = 1; ; look++) {
    const others = (await readdir(directory)).filter((name) => isOwnerSocket(name) && name !== own);
    const dead: string[] = [];
    let living: string | undefined;
    let older = false;
    for (const name of others) {
      const made = await madeAt(directory, name);
      if (made === undefined) continue;
      if (!(await isListenedOn(addressOf(name)))) {
        dead.push(name);
        continue;
      }
      living = name;
      older ||= made < (mine ?? 0n) || (made === mine && name < own);
    }
    const gone = (await madeAt(directory, own)) === undefined;
    if (living === undefined && !gone) return dead;
    if (older || gone || look === LOOKS) throw inUse(directory, living && SOCKET.exec(living)?.[1]);
    await new Promise((resolve) => void setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** In nanoseconds; undefined where there is no such file. */
async function madeAt(directory: string, name: string): Promise<bigint | undefined> {
  return unlessMissing(stat(join(directory, name), { bigint: true }).then(({ mtimeNs }) => mtimeNs));
}

/** To the process that owns the directory; undefined where there is none. */
export async function connectToOwner(directory: string): Promise<Socket | undefined> {
  if (process.platform === "win32") return connected(await pipeOf(directory));
  const { addressOf, close } = await addressing(directory);
  try {
    for (const name of (await readdir(directory)).filter(isOwnerSocket)) {
      const socket = await connected(addressOf(name));
      if (socket) return socket;
    }
    return undefined;
  } finally {
    await close();
  }
}

function connected(address: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(address, () => resolve(socket));
    socket.once("error", () => resolve(undefined));
  });
}

/** Every answer but this one, and silence too, may come from a living process. */
function isListenedOn(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code !== "ECONNREFUSED" && code !== "ENOENT"));
  });
}

/** Connections of other processes; most only look whether the owner listens. */
class Visitors {
  readonly #open = new Set<Socket>();
  #answer: ((socket: Socket) => void) | undefined;

  serve(answer: (socket: Socket) => void): void {
    this.#answer = answer;
  }

  readonly accept = (socket: Socket): void => {
    socket.on("error", () => undefined);
    if (!this.#answer) return void socket.destroy();
    this.#open.add(socket.once("close", () => this.#open.delete(socket)));
    this.#answer(socket);
  };

  end(): void {
    this.#answer = undefined;
    for (const socket of this.#open) socket.destroy();
  }
}

function listen(address: string, { accept }: Visitors): Promise<Server> {
  const server = createServer(accept);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // A worker of a cluster would else listen in the process that has started it.
    server.listen({ path: address, exclusive: true }, () => resolve(server.unref()));
  });
}

/** The name first: a process that is being started has a copy of the socket until it runs its own program. */
async function end(server: Server | undefined, file: string): Promise<void> {
  if (!server) return;
  await remove(file);
  await new Promise((resolve) => void server.close(resolve));
}

async function remove(file: string): Promise<void> {
  await unlessMissing(unlink(file));
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  });
}

/** How to call a file of the directory where its path may be longer than an address can be. */
async function addressing(
  directory: string,
): Promise<{ addressOf: (name: string) => string; close: () => Promise<void> }> {
  const longest = join(directory, `owner-${process.pid}-${"0".repeat(16)}.sock`);
  if (Buffer.byteLength(longest) + 10 <= MAX_ADDRESS_BYTES)
    return { addressOf: (name) => join(directory, name), close: async () => undefined };
  if (!existsSync("/proc/self/fd"))
    throw unusable(directory, `its path is longer than ${MAX_ADDRESS_BYTES - 60} bytes. Choose a shorter one`);
  const handle = await open(directory, "r");
  return { addressOf: (name) => `/proc/self/fd/${handle.fd}/${name}`, close: () => handle.close() };
}

/** A pipe of Windows ends with its process, and its name can be taken once only. */
async function ownByPipe(directory: string): Promise<Ownership> {
  const visitors = new Visitors();
  const server = await listen(await pipeOf(directory), visitors).catch((error: unknown) => {
    throw ["EADDRINUSE", "EACCES"].includes(codeOf(error)) ? inUse(directory) : error;
  });
  return {
    isHeld: async () => true,
    serve: (answer) => visitors.serve(answer),
    release: () => {
      visitors.end();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}

async function pipeOf(directory: string): Promise<string> {
  const path = await realpath(directory);
  return `\\\\.\\pipe\\nakadi-${createHash("sha256").update(path.toLowerCase()).digest("hex")}`;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "";
}

function inUse(directory: string, process?: string): DataDirectoryError {
  const owner = process === undefined ? "another broker" : `another broker (process ${process})`;
  return new DataDirectoryError(
    "in-use",
    directory,
    `${owner} uses ${directory}. Stop it, or choose another directory`,
  );
}

function unusable(directory: string, why: string): DataDirectoryError {
  return new DataDirectoryError("unusable", directory, `cannot use ${directory} for data: ${why}`);
}
