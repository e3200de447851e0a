import { NakadiError } from "nakadi-client";
import { expect, it } from "vitest";
import { Interruptions } from "./interruptions.ts";

function interrupted() {
  const said: string[] = [];
  const given: NakadiError[] = [];
  const interruptions = new Interruptions(
    (text) => said.push(text),
    (error) => given.push(error),
  );
  return { said, given, interruptions };
}

const refused = new NakadiError("TRANSPORT", "connection refused");

it("tells the same complaint once, until reading goes on", () => {
  const { said, interruptions } = interrupted();
  interruptions.retry(refused);
  interruptions.retry(refused);
  interruptions.retry(new NakadiError("SERVER", "HTTP 503"));
  interruptions.healthy();
  interruptions.healthy();
  interruptions.retry(refused);
  expect(said).toEqual([
    "nakadi: connection refused; trying again",
    "nakadi: HTTP 503; trying again",
    "nakadi: reading goes on",
    "nakadi: connection refused; trying again",
  ]);
});

it("gives up after ten tries between which nothing was read, also of a server that opens streams and ends them", () => {
  const { given, interruptions } = interrupted();
  for (let tries = 0; tries < 9; tries += 1) interruptions.retry(refused);
  interruptions.progress();
  for (let tries = 0; tries < 9; tries += 1) {
    interruptions.retry(refused);
    interruptions.healthy();
  }
  expect(given).toEqual([]);
  interruptions.retry(refused);
  expect(given).toEqual([refused]);
});
