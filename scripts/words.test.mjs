import { expect, it } from "vitest";
import { avoidedWords } from "./words.mjs";

it.each([
  ["whoever waits", ["whoever"]],
  ["Nobody reads; the client is told of it.", ["Nobody", "is told"]],
  ["this is no cursor", ["is no c"]],
  ["the batch comes again", ["comes again"]],
  ["it waits for ever, in vain", ["for ever", "in vain"]],
  ["#homeless = 0; // buried", ["homeless", "buried"]],
])("%s", (text, words) => {
  expect(avoidedWords(`first line\n${text}`).map(({ line, word }) => [line, word])).toEqual(
    words.map((word) => [2, word]),
  );
});

it.each(["There is no slot.", "it is no longer there", "whole, whose, forever, mandatory, unsuspicious"])(
  "%s is let through",
  (text) => {
    expect(avoidedWords(text)).toEqual([]);
  },
);
