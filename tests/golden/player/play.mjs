// Plays one scenario against a server, step by step; records what came, or compares it with what was recorded.
import { send, bodyOf, LineStream } from "./http.mjs";
import { compareAnswer, parsed, recordAnswer, taken } from "./answers.mjs";
import { differences, fill, generalise, generate, pointer, settle } from "./match.mjs";

// Seconds that a step may take unless it says `within` itself, and that a whole scenario may take.
const ANSWER_WITHIN = 30;
const LINES_WITHIN = 30;
const SCENARIO_WITHIN = 180;

/** What stops a scenario: the step, and the differences found there. */
class Mismatch extends Error {
  constructor(problems) {
    super("differs");
    this.problems = problems;
  }
}

const fault = (at, expected, got) => new Mismatch([{ at, expected, got }]);
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Runs all steps. With `recording`, writes the answers into the steps; else throws a Mismatch where an answer differs. */
export async function play(scenario, baseUrl, recording) {
  const run = {
    baseUrl,
    recording,
    values: generate(scenario.vars),
    streams: new Map(),
    undo: [],
    strict: scenario.strictDetail === true,
    given: "",
    step: "",
  };
  run.given = JSON.stringify(
    fill(
      scenario.steps.map((step) => requestsOf(step)),
      {},
    ),
  );
  let timer;
  const tooLong = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(fault("scenario", `done within ${SCENARIO_WITHIN} s`, "still running")),
      SCENARIO_WITHIN * 1000,
    );
  });
  try {
    await Promise.race([playAll(scenario.steps, run, ""), tooLong]);
  } catch (error) {
    error.step ??= run.step;
    throw error;
  } finally {
    clearTimeout(timer);
    for (const stream of run.streams.values()) stream.close();
    await cleanUp(run);
  }
}

const requestsOf = (step) => [step.request, ...(step.concurrently ?? []).flat().map(requestsOf)];

async function playAll(steps, run, prefix) {
  for (const [i, step] of steps.entries()) {
    const label = `${prefix}${i + 1} (${title(step, run)})`;
    run.step = label;
    try {
      await playOne(step, run, `${prefix}${i + 1}.`);
    } catch (error) {
      error.step ??= label;
      throw error;
    }
  }
}

function title(step, run) {
  if (step.request) return `${step.open ? "open " : ""}${step.request.method} ${fill(step.request.path, run.values)}`;
  const kind = Object.keys(step)[0];
  return kind === "concurrently" ? kind : `${kind} ${step[kind]}`;
}

async function playOne(step, run, prefix) {
  if (step.concurrently) {
    await Promise.all(
      step.concurrently.map((steps, i) => playAll(steps, run, `${prefix}${String.fromCharCode(97 + i)}`)),
    );
  } else if (step.request) await playRequest(step, run);
  else if (step.read) await playRead(step, run);
  else if (step.readKeepAlives) await playKeepAlives(step, run);
  else if (step.silent) await playSilence(step, run);
  else if (step.end) await playEnd(step, run);
  else if (step.close) streamOf(step.close, run).close();
  else if (step.wait) await sleep(step.wait);
  else throw fault("step", "one of those the README lists", step);
}

function streamOf(name, run) {
  const stream = run.streams.get(name);
  if (!stream) throw fault(`stream ${name}`, "open", "not open");
  return stream;
}

// ---- requests and stream openings

async function playRequest(step, run) {
  const patience = Date.now() + (step.retryFor ?? 0) * 1000;
  for (;;) {
    const answer = await ask(step, run);
    const problems = step.response ? compareAnswer(step, answer, run) : [];
    const again = problems.length > 0 && Date.now() < patience;
    if (again) {
      answer.stream?.close();
      await sleep(0.3);
      continue;
    }
    if (answer.stream) run.streams.set(step.open, answer.stream);
    for (const [name, source] of Object.entries(step.capture ?? {})) run.values[name] = taken(source, answer);
    if (run.recording) step.response = recordAnswer(step, answer, run);
    else if (problems.length > 0) throw new Mismatch(problems);
    return;
  }
}

async function ask(step, run) {
  const request = fill(step.request, run.values);
  const patience = (step.within ?? ANSWER_WITHIN) * 1000;
  const response = await send(run.baseUrl, request, patience);
  const answer = { status: response.statusCode, headers: response.headers };
  const type = response.headers["content-type"] ?? "json";
  if (answer.status === 200 && type.startsWith("application/x-json-stream")) {
    const stream = new LineStream(response);
    if (step.open) return { ...answer, stream };
    stream.close();
    throw fault("answer", "a document", "a stream (a step that opens one must name it)");
  }
  const text = await bodyOf(response, patience);
  const json = type.includes("json") ? parsed(text) : undefined;
  remember(request, { ...answer, json }, run);
  if (json !== undefined) return { ...answer, json };
  return text || answer.status !== 204 ? { ...answer, text } : answer;
}

// ---- lines of open streams

/** Collects lines until `enough` says so; keep-alives are left out unless they are what is looked for. */
async function collect(stream, deadline, enough, takeKeepAlives = false) {
  const lines = [];
  while (!enough(lines)) {
    const line = await stream.next(deadline);
    if (line.ending || line.timedOut) return { lines, ...line };
    if (takeKeepAlives || !line.keepAlive) lines.push(line);
  }
  return { lines };
}

const shape = ({ raw, without }, lines) =>
  lines.map(({ text, json }) => {
    if (raw) return text;
    return without ? Object.fromEntries(Object.entries(json ?? {}).filter(([name]) => !without.includes(name))) : json;
  });

function conclude(step, run, lines, problems) {
  const got = shape(step, lines);
  const wanted = Array.isArray(step.lines) ? step.lines : undefined;
  for (const [name, path] of Object.entries(step.capture ?? {}))
    run.values[name] = pointer(
      lines.map(({ json }) => json),
      path,
    );
  const found = wanted
    ? differences(fill(wanted, run.values), got, { unordered: step.unordered, freeOrder: step.freeOrder })
    : [];
  if (!run.recording) {
    const all = [...found.map((one) => ({ ...one, at: `lines${one.at}` })), ...problems];
    if (all.length > 0) throw new Mismatch(all);
    return;
  }
  if (problems.length > 0) throw new Mismatch([...problems, { at: "lines so far", got }]);
  if (wanted && found.length === 0) return;
  step.lines = generalise(settle(got, step.unordered), wanted, {
    values: run.values,
    given: run.given,
    own: Object.keys(step.capture ?? {}),
  });
}

async function playRead(step, run) {
  const count = Array.isArray(step.lines) ? step.lines.length : step.lines;
  const deadline = Date.now() + (step.within ?? LINES_WITHIN) * 1000;
  const { lines, ending, timedOut } = await collect(
    streamOf(step.read, run),
    deadline,
    (sofar) => sofar.length >= count,
  );
  const why = ending ? `the stream ended (${ending})` : "no more lines in time";
  conclude(
    step,
    run,
    lines,
    ending || timedOut ? [{ at: "lines", expected: `${count} lines`, got: `${lines.length} lines, then ${why}` }] : [],
  );
}

async function playKeepAlives(step, run) {
  const deadline = Date.now() + (step.within ?? LINES_WITHIN) * 1000;
  const stream = streamOf(step.readKeepAlives, run);
  const { lines, ending } = await collect(
    stream,
    deadline,
    (sofar) => sofar.length >= step.atLeast || sofar.at(-1)?.keepAlive === false,
    true,
  );
  const other = lines.find((line) => !line.keepAlive);
  if (other) throw fault("line", "a keep-alive", other.json);
  if (lines.length < step.atLeast)
    throw fault(
      "keep-alives",
      step.atLeast,
      `${lines.length}, then ${ending ? `the stream ended (${ending})` : "nothing"}`,
    );
  const knowledge = { values: run.values, given: run.given };
  if (run.recording) step.line = generalise(lines[0].json, step.line, knowledge);
  const problems = lines.flatMap(({ json }, i) =>
    differences(fill(step.line, run.values), json).map((one) => ({ ...one, at: `keep-alive ${i + 1}${one.at}` })),
  );
  if (problems.length > 0) throw new Mismatch(problems);
}

async function playSilence(step, run) {
  const line = await streamOf(step.silent, run).next(Date.now() + step.for * 1000);
  if (!line.timedOut)
    throw fault(`stream ${step.silent}`, `nothing for ${step.for} s`, line.json ?? `its end (${line.ending})`);
}

async function playEnd(step, run) {
  const patience = step.within ?? LINES_WITHIN;
  const { lines, ending } = await collect(streamOf(step.end, run), Date.now() + patience * 1000, () => false);
  const expected = step.abrupt ? "abrupt" : "clean";
  const problems =
    ending === expected || (run.recording && ending)
      ? []
      : [{ at: "end of the stream", expected, got: ending ?? `still open after ${patience} s` }];
  if (run.recording && ending === "abrupt") step.abrupt = true;
  conclude(step, run, lines, problems);
}

// ---- cleaning up after ourselves

/** Event types go to the front and are thus deleted last, when nothing subscribes to them any more. */
function remember({ method, path, json, text }, answer, { undo }) {
  if (answer.status >= 300) return;
  if (method === "POST" && path === "/event-types") undo.unshift(`/event-types/${(json ?? parsed(text))?.name}`);
  if (method === "POST" && path === "/subscriptions") undo.push(`/subscriptions/${answer.json?.id}`);
  if (method === "PUT" && path.startsWith("/settings/blacklist/")) undo.push(path);
}

async function cleanUp({ baseUrl, undo }) {
  for (const path of undo.reverse()) {
    const done = send(baseUrl, { method: "DELETE", path }, 15_000).then((response) => bodyOf(response, 15_000));
    await done.catch(() => {}); // what cannot be removed stays: names are unique
  }
}
