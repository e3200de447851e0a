// The answer to one request: compared with what was recorded, or recorded.
import { differences, fill, generalise, pointer, settle } from "./match.mjs";

const RECORDED_HEADERS = ["content-type", "x-nakadi-streamid", "location", "content-location", "warning", "allow"];

/** The JSON of a text; `undefined` for any other text. */
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a step captures of an answer: a header, or a place in its JSON. */
export const taken = (source, answer) =>
  source.startsWith("header:") ? answer.headers[source.slice("header:".length)] : pointer(answer.json, source);

/** The differences from the recorded answer. */
export function compareAnswer(step, answer, run) {
  const withOwn = { ...run.values };
  for (const [name, source] of Object.entries(step.capture ?? {})) withOwn[name] = taken(source, answer);
  const want = fill(step.response, withOwn);
  const [recorded, ...tolerated] = [want.status].flat();
  if (tolerated.includes(answer.status)) return [];
  const status = recorded === answer.status ? [] : [{ at: "status", expected: recorded, got: answer.status }];
  if (step.setup || !("headers" in want)) return status.length ? [...status, ...shown(answer)] : status;
  const headers = Object.entries({ "content-type": null, ...want.headers }).flatMap(([name, value]) => {
    const got = answer.headers[name] ?? null;
    return differences(value, got).map(() => ({
      at: `header ${name}`,
      expected: value ?? undefined,
      got: got ?? undefined,
    }));
  });
  const options = { strict: run.strict, unordered: step.unordered, freeOrder: step.freeOrder };
  const body = ["json", "text"].flatMap((kind) => {
    if (!(kind in want)) return kind in answer ? [{ at: kind, expected: "(none)", got: answer[kind] }] : [];
    if (!(kind in answer)) return [{ at: kind, expected: want[kind] }];
    return differences(want[kind], answer[kind], options).map((found) => ({ ...found, at: kind + found.at }));
  });
  return [...status, ...headers, ...body];
}

const shown = (answer) =>
  ["json", "text"].filter((kind) => answer[kind]).map((kind) => ({ at: kind, got: answer[kind] }));

/** The answer as a recording has it. */
export function recordAnswer(step, answer, run) {
  if (step.setup) return { status: answer.status };
  const knowledge = { values: run.values, given: run.given, own: Object.keys(step.capture ?? {}) };
  const old = step.response ?? {};
  const wanted = new Set([...RECORDED_HEADERS, ...Object.keys(old.headers ?? {})]);
  if (answer.text === "") wanted.add("content-length");
  const headers = {};
  for (const name of wanted) {
    const got = answer.headers[name];
    if (got !== undefined) headers[name] = generalise(got, old.headers?.[name], knowledge, name);
    else if (name in (old.headers ?? {})) headers[name] = old.headers[name] === "<anything>" ? "<anything>" : null;
  }
  const tolerated = [old.status ?? []]
    .flat()
    .slice(1)
    .filter((status) => status !== answer.status);
  const response = { status: tolerated.length ? [answer.status, ...tolerated] : answer.status, headers };
  const fits = old.json !== undefined && compareAnswer(step, answer, run).every(({ at }) => !at.startsWith("json"));
  if ("json" in answer)
    response.json = fits ? old.json : generalise(settle(answer.json, step.unordered), old.json, knowledge);
  if ("text" in answer) response.text = generalise(answer.text, old.text, knowledge);
  return response;
}
