/**
 * One process a directory: at once free when its owner ends, however that is; never two owners.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { folderForTest } from "./folder-for-test.ts";
import { isOwnerSocket, own } from "./ownership.ts";

async function newDirectory(...more: string[]): Promise<string> {
  const folder = await folderForTest("owner");
  const directory = join(folder, ...more);
  await mkdir(directory, { recursive: true });
  return directory;
}

/**
 * Takes the directory again and again, until it is stopped. What it owns it shows in a file that must not be there:
 * a second owner finds it.
 */
const PROGRAM = `
  import { spawn } from "node:child_process";
  import { readFileSync, writeFileSync, unlinkSync } from "node:fs";
  import { own } from "./ownership.mjs";
  const [directory, proof, times, child] = process.argv.slice(2);
  const shown = () => { try { return Number(readFileSync(proof, "utf8")); } catch { return undefined; } };
  const isAlive = (pid) => {
    try { return !/^[0-9]+ \\(.*\\) [ZX]/.test(readFileSync("/proc/" + pid + "/stat", "utf8")); } catch { return false; }
  };
  const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
  for (let round = 0; round < Number(times); round++) {
    try {
      const ownership = await own(directory);
      const other = shown();
      // A process that is being killed has lost its socket a little before it is gone.
      while (other && shown() === other && isAlive(other)) await turn();
      if (other && isAlive(other)) console.log("second owner beside " + other);
      writeFileSync(proof, String(process.pid));
      if (child) console.log("child " + spawn("sleep", ["1000"], { stdio: "ignore" }).pid);
      console.log("owns");
      for (let turns = 0; turns < 5; turns++) await turn();
      if (shown() !== process.pid) console.log("second owner");
      if (times === "1") await new Promise((resolve) => setInterval(resolve, 1000));
      unlinkSync(proof);
      await ownership.release();
    } catch (error) {
      if (error.problem !== "in-use") throw error;
      console.log("refused");
    }
  }
`;

let programs: string;
beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), "nakadi-owners-"));
  const input = join(dirname(fileURLToPath(import.meta.url)), "ownership.ts");
  const bundle = await rolldown({ input, platform: "node" });
  await bundle.write({ file: join(programs, "ownership.mjs") });
  await bundle.close();
  await writeFile(join(programs, "program.mjs"), PROGRAM);
});
afterAll(() => rm(programs, { recursive: true, force: true }));

interface Contender {
  process: ChildProcess;
  /** Resolves with the next line, undefined at the end. */
  said: () => Promise<string | undefined>;
}

function contender(directory: string, rounds: number, ...more: string[]): Contender {
  const args = [join(programs, "program.mjs"), directory, join(dirname(directory), "proof"), String(rounds), ...more];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return { process: child, said: async () => (await lines.next()).value as string | undefined };
}

async function end({ process: child }: Contender, signal: NodeJS.Signals): Promise<void> {
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

const refusal = (directory: string): Promise<unknown> =>
  own(directory).then(
    async (ownership) => {
      await ownership.release();
      return "it is free";
    },
    (error: unknown) => error,
  );

/** The number of the handle that the system knows under the name of a socket in `directory`. */
function handleOf(directory: string): number {
  const inode = readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .find((line) => line.includes(directory))
    ?.split(/ +/)[6];
  const isIt = (fd: string): boolean => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === `socket:[${inode}]`;
    } catch {
      return false;
    }
  };
  return Number(readdirSync("/proc/self/fd").find(isIt));
}

describe("the owner of a directory", () => {
  it("is one, names itself to the others, and leaves nothing behind", async () => {
    const directory = await newDirectory("data");
    const ownership = await own(directory);
    expect((await readdir(directory)).map(isOwnerSocket)).toEqual([true]);
    expect(await refusal(directory)).toMatchObject({
      problem: "in-use",
      message: `another broker (process ${process.pid}) uses ${directory}. Stop it, or choose another directory`,
    });
    await ownership.release();
    await ownership.release();
    expect(await readdir(directory)).toEqual([]);
    expect(await refusal(directory)).toBe("it is free");
  });

  it.skipIf(!existsSync("/proc/self/fd"))("may have a directory with a long path", async () => {
    const directory = await newDirectory("long".repeat(40), "data");
    const ownership = await own(directory);
    expect(await refusal(directory)).toMatchObject({ problem: "in-use" });
    await ownership.release();
    expect(await readdir(directory)).toEqual([]);
  });

  it.skipIf(process.platform === "win32")(
    "stays it while it is stopped, however often others ask, and leaves no lock behind when it is killed",
    async () => {
      const directory = await newDirectory("data");
      const first = contender(directory, 1);
      expect(await first.said()).toBe("owns");
      first.process.kill("SIGSTOP");
      for (let asked = 0; asked < 600; asked++) expect(await refusal(directory)).toMatchObject({ problem: "in-use" });
      await end(first, "SIGKILL");
      expect(await refusal(directory)).toBe("it is free");
      expect(await readdir(directory)).toEqual([]);
    },
  );

  it.skipIf(process.platform === "win32")("is gone with a process that is killed, whose children live on", async () => {
    const directory = await newDirectory("data");
    const owner = contender(directory, 1, "with-child");
    const child = Number(/^child (\d+)$/.exec((await owner.said()) ?? "")?.[1]);
    onTestFinished(() => void process.kill(child, "SIGKILL"));
    expect(await refusal(directory)).toMatchObject({ problem: "in-use" });
    await end(owner, "SIGKILL");
    expect(process.kill(child, 0)).toBe(true);
    expect(await refusal(directory)).toBe("it is free");
  });

  it.skipIf(!existsSync("/proc/net/unix"))(
    "is gone after a release, whatever process has a copy of its socket",
    async () => {
      const directory = await newDirectory("data");
      const ownership = await own(directory);
      const handle = handleOf(directory);
      // Has what a fork has before its exec: a copy of every handle.
      const child = spawn("cat", { stdio: ["pipe", "ignore", "ignore", handle] });
      onTestFinished(() => void child.kill());
      await ownership.release();
      expect(await refusal(directory)).toBe("it is free");
    },
  );

  it.skipIf(!existsSync("/proc/self/stat"))(
    "is never two, of 16 processes that want it and are killed",
    async () => {
      const directory = await newDirectory("data");
      const seen = { owns: 0, refused: 0 };
      const contend = async (): Promise<void> => {
        for (let life = 0; life < 3; life++) {
          const one = contender(directory, 1_000);
          const lines = 1 + Math.floor(Math.random() * 12);
          for (let line = 0; line < lines; line++) {
            const said = await one.said();
            expect(["owns", "refused"]).toContain(said);
            seen[said as keyof typeof seen] += 1;
          }
          await end(one, "SIGKILL");
        }
      };
      await Promise.all(Array.from({ length: 16 }, contend));
      expect(seen.owns).toBeGreaterThan(0);
      expect(seen.refused).toBeGreaterThan(0);
      expect(await refusal(directory)).toBe("it is free");
      expect(await readdir(directory)).toEqual([]);
    },
    60_000,
  );
});
