/** What deploy/ and the Dockerfile say, checked without a container engine: the steps of the image run in a plain directory. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { carryOut, type Stage, stagesOf, wordsOf } from "./dockerfile.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const text = (path: string): Promise<string> => readFile(join(ROOT, path), "utf8");
const stages = stagesOf(await text("Dockerfile"));

function stage(name: string): Stage {
  const found = stages.find((each) => each.name === name);
  if (!found) throw new Error(`The Dockerfile has no stage ${name}.`);
  return found;
}

function last(of: Stage, name: string): string[] {
  const found = of.instructions.findLast((each) => each.name === name);
  return found ? wordsOf({ ...found, text: found.text.replace(/^CMD\s+/, "") }) : [];
}

function one(of: Stage, name: string): string | undefined {
  return of.instructions.findLast((each) => each.name === name)?.text;
}

describe.each(["alpine", "distroless"])("the image %s", (name) => {
  it("runs the broker as PID 1, under a number and not as root, with nothing to write to but its volume", () => {
    const image = stage(name);
    expect(one(image, "USER")).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect([one(image, "VOLUME"), one(image, "STOPSIGNAL"), one(image, "EXPOSE")]).toEqual([
      "/data",
      "SIGTERM",
      "8080",
    ]);
    expect(last(image, "ENTRYPOINT").slice(-1)).toEqual(["/app/packages/cli/bin/nakadi.js"]);
    expect(last(image, "CMD")).toEqual(["broker", "--host", "0.0.0.0", "--port", "8080", "--data", "/data"]);
    expect(last(image, "HEALTHCHECK").slice(-1)).toEqual(["/app/healthcheck.mjs"]);
    const data = image.instructions.find((each) => each.name === "COPY" && each.text === "/data /data");
    expect(data?.flags["chown"]).toBe(one(image, "USER"));
    expect(image.instructions.filter((each) => each.name === "RUN")).toEqual([]);
  });
});

it("both images hold the same files, and one is made where none is asked for", () => {
  const copies = (of: Stage): string[] =>
    of.instructions.filter((each) => each.name === "COPY").map((each) => each.text);
  expect(copies(stage("distroless"))).toEqual(copies(stage("alpine")));
  expect(stages.map((each) => each.name)).toEqual(["build", "distroless", "alpine"]);
});

it("an image's steps make a broker that starts, is healthy, and ends with 0 by SIGTERM", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nakadi-image-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [build, image] = [join(folder, "build"), join(folder, "image")];
  await carryOut(stage("build"), { root: build, context: ROOT, roots: {} });
  await carryOut(stage("alpine"), { root: image, context: ROOT, roots: { build } });
  await rm(build, { recursive: true });
  const here = (words: readonly string[]): string[] =>
    words.map((word) => word.replace(/^\/(?=app|data)/, `${image}/`));
  const [, ...program] = here(last(stage("alpine"), "ENTRYPOINT"));
  const args = here(last(stage("alpine"), "CMD")).map((word) => (word === "8080" ? "0" : word));
  const broker = spawn(process.execPath, [...program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void broker.kill("SIGKILL"));
  const exited = once(broker, "exit");
  const [line] = (await once(broker.stdout, "data")) as [Buffer];
  const port = /listening on http:\/\/0\.0\.0\.0:(\d+)/.exec(String(line))?.[1] ?? "";
  const healthy = async (): Promise<unknown> => {
    const [, check = ""] = here(last(stage("alpine"), "HEALTHCHECK"));
    const [code] = (await once(spawn(process.execPath, [check], { env: { NAKADI_PORT: port } }), "exit")) as unknown[];
    return code;
  };
  expect(await healthy()).toBe(0);
  expect((await stat(join(image, "data", "journal"))).mode & 0o777).toBe(0o700);
  broker.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
  expect(await healthy()).toBe(1);
}, 120_000);

it("compose keeps the root file system read-only and waits for the drain", async () => {
  const { services, volumes } = parse(await text("deploy/compose.yaml")) as {
    services: { broker: Record<string, unknown> };
    volumes: object;
  };
  expect(services.broker).toMatchObject({
    build: { context: "..", target: "alpine" },
    read_only: true,
    cap_drop: ["ALL"],
    volumes: ["data:/data"],
    stop_grace_period: "30s",
  });
  expect(Object.keys(volumes)).toEqual(["data"]);
});

interface Service {
  kind: string;
  metadata: { name: string };
  spec: { selector: object };
}

interface StatefulSet {
  kind: string;
  spec: {
    replicas: number;
    serviceName: string;
    selector: { matchLabels: object };
    template: { metadata: { labels: object }; spec: PodSpec };
    volumeClaimTemplates: [{ metadata: { name: string } }];
  };
}

interface PodSpec {
  terminationGracePeriodSeconds: number;
  securityContext: object;
  containers: [
    {
      args: string[];
      securityContext: object;
      volumeMounts: [{ name: string; mountPath: string }];
      lifecycle: { preStop: { sleep: { seconds: number } } };
    },
  ];
}

it("the StatefulSet runs one broker a volume, as a user without rights, and is found by its service", async () => {
  const documents = parseAllDocuments(await text("deploy/kubernetes.yaml"));
  expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
  const [service, set] = documents.map((each) => each.toJS() as unknown) as [Service, StatefulSet];
  const { spec } = set.spec.template;
  const [container] = spec.containers;
  expect([service.kind, set.kind, set.spec.replicas]).toEqual(["Service", "StatefulSet", 1]);
  expect(set.spec.template.metadata.labels).toEqual(service.spec.selector);
  expect(set.spec.selector.matchLabels).toEqual(service.spec.selector);
  expect(set.spec.serviceName).toBe(service.metadata.name);
  expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, fsGroupChangePolicy: "OnRootMismatch" });
  expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
  expect(container.args.at(-1)).toMatch(new RegExp(`^${container.volumeMounts[0].mountPath}/`));
  expect(container.volumeMounts[0].name).toBe(set.spec.volumeClaimTemplates[0].metadata.name);
  expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(container.lifecycle.preStop.sleep.seconds + 5);
});

it("the unit of systemd has one value for each setting, in sections that there are", async () => {
  const sections = new Map<string, Map<string, string>>();
  let settings = new Map<string, string>();
  for (const line of (await text("deploy/nakadi.service")).split("\n").filter((each) => !/^(#|$)/.test(each))) {
    const [, section] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, name = "", value = ""] = /^([A-Z]\w+)=(.*)$/.exec(line) ?? [];
    if (section !== undefined) sections.set(section, (settings = new Map()));
    else expect([line, name !== "", settings.has(name)]).toEqual([line, true, false]);
    settings.set(name, value);
  }
  expect([...sections.keys()]).toEqual(["Unit", "Service", "Install"]);
  const service = sections.get("Service");
  expect(service?.get("ExecStart")).toContain(` --data /var/lib/${service?.get("StateDirectory")}`);
  expect(service?.get("KillSignal")).toBe("SIGTERM");
});
