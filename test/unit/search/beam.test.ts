import test from "ava";
import { type BeamSearchOptions, beamSearch } from "../../../src/search/beam.js";
import { pathOf, type Script, scriptedSearch } from "../../support/scripted-search.js";

const defaults = { beams: 4, width: 2, maxSteps: 9, aggregate: "last" } as const;

async function search(script: Script, options: Partial<BeamSearchOptions> = {}, more: { waste?: number } = {}) {
  const scripted = scriptedSearch(script, more);
  const result = await beamSearch({ ...defaults, ...scripted, ...options });
  return {
    ...result,
    ...scripted,
    answer: pathOf(result.chosen.prefix),
    found: result.solutions.map(({ prefix }) => pathOf(prefix)),
  };
}

test("of all extensions the best N / M are extended, best first, whichever prefix they come from", async (t) => {
  const { asked, answer, levels, end } = await search({
    "": "a 0.1,b 0.9,c 0.2,d 0.8",
    b: "e 0.3,f 0.7",
    d: "g 0.6,h 0.1",
    bf: "x! 0.4,y! 0.2",
    dg: "z! 0.5,w! 0.1",
  });
  // Both extensions of b or of d could have been kept; here it is one of each.
  t.deepEqual(asked, [
    ["0:", "1:"],
    ["0:b", "1:d"],
    ["0:bf", "1:dg"],
  ]);
  t.deepEqual(
    levels.map(({ kept }) => kept),
    [
      [0.9, 0.8],
      [0.7, 0.6],
      [0.5, 0.4],
    ],
  );
  t.is(answer, "dgz");
  t.is(end, "all-ended");
});

test("one prefix may give all that is kept", async (t) => {
  const { asked } = await search({
    "": "a 0.1,b 0.9,c 0.2,d 0.8",
    b: "e 0.7,f 0.75",
    d: "g 0.6,h 0.1",
    bf: "x! 0.4",
    be: "z! 0.5",
  });
  t.deepEqual(asked[2], ["0:bf", "1:be"]);
});

test("of equal scores the earlier slot is kept, then the earlier completion", async (t) => {
  const { asked, answer } = await search({
    "": "a 0.5,b 0.5,c 0.5,d 0.5",
    a: "x! 0.3,y! 0.3",
    b: "z! 0.3,w! 0.3",
  });
  t.deepEqual(asked[1], ["0:a", "1:b"]);
  t.is(answer, "ax");
});

test("of copies one is kept, and another prefix has the place; with keepEqual they are prefixes like any other", async (t) => {
  const script = { "": "a 0.9,a 0.9,a 0.9,b 0.2", a: "c! 0.5,c! 0.5", b: "d! 0.7,e! 0.1" };
  const once = await search(script);
  t.deepEqual(once.asked[1], ["0:a", "1:b"]);
  t.is(once.answer, "bd");
  t.deepEqual(once.levels[1]?.kept, [0.7, 0.5]);
  const copies = await search(script, { keepEqual: true });
  t.deepEqual(copies.asked[1], ["0:a", "1:a"]);
  t.is(copies.answer, "ac");
});

test("where there are fewer prefixes than places, places stay empty until there are more", async (t) => {
  const script = { "": "a 0.9,a 0.9,a 0.9,a 0.9", a: "c 0.5,d 0.4", ac: "x! 0.5,y! 0.5", ad: "z! 0.7,z! 0.7" };
  const { asked, answer, tokens } = await search(script);
  t.deepEqual(asked, [["0:", "1:"], ["0:a"], ["0:ac", "1:ad"]]);
  t.is(tokens, 4 + 2 + 4);
  t.is(answer, "adz");
});

test("an ended prefix competes for its place, holds it while its score does, and is not extended", async (t) => {
  const { asked, levels, answer, tokens } = await search({
    "": "a! 0.6,b 0.5,c 0.2,d 0.1",
    b: "e 0.7,f 0.3",
    be: "g 0.65,h 0.1",
    beg: "i! 0.1,j! 0.2",
  });
  t.deepEqual(asked, [["0:", "1:"], ["1:b"], ["0:be"], ["0:beg"]]);
  t.deepEqual(
    levels.map(({ kept }) => kept),
    [
      [0.6, 0.5],
      [0.7, 0.6],
      [0.65, 0.6],
      [0.6, 0.2],
    ],
  );
  t.deepEqual(
    levels.map(({ ended }) => ended),
    [1, 0, 0, 2],
  );
  t.is(answer, "a");
  t.is(tokens, 4 + 2 + 2 + 2);
});

test("a solution that lost its place is still chosen when those that took it end up worse", async (t) => {
  const { answer, found } = await search({
    "": "a! 0.6,b 0.8,c 0.7,d 0.1",
    b: "e! 0.3,f! 0.2",
    c: "g! 0.1,h! 0.2",
  });
  t.deepEqual(found, ["a", "be", "bf", "cg", "ch"]);
  t.is(answer, "a");
});

test("when all that is kept has ended the search ends, whatever else is alive", async (t) => {
  const { levels, end, answer } = await search({ "": "a! 0.9,b! 0.8,c 0.7,d 0.6" });
  t.is(levels.length, 1);
  t.is(end, "all-ended");
  t.is(answer, "a");
});

test("what a limit cut off is not kept, and chosen only where nothing ended by itself", async (t) => {
  const script = { "": "a~ 0.9,b 0.2,c 0.3,d 0.1", c: "e! 0.05,f! 0.01", b: "g! 0.02,h~ 0.6" };
  const { asked, answer, chosen } = await search(script);
  t.deepEqual(asked[1], ["0:c", "1:b"]);
  t.is(answer, "ce");
  t.is(chosen.prefix.finishReason, "stop");
  const cut = await search({ "": "a~ 0.9,b~ 0.95,c~ 0.3,d~ 0.1" });
  t.is(cut.answer, "b");
  t.is(cut.chosen.prefix.finishReason, "length");
  t.is(cut.chosenIndex, 1);
});

test("at the step limit the best prefix is the answer where nothing ended, cut off by length", async (t) => {
  const script = { "": "a 0.5,b 0.4,c 0.1,d 0.1", a: "c 0.3,d 0.2", b: "e 0.6,f 0.1" };
  const { answer, chosen, chosenIndex, end, levels } = await search(script, { maxSteps: 2 });
  t.is(end, "max-steps");
  t.is(levels.length, 2);
  t.is(answer, "be");
  t.is(chosen.prefix.finishReason, "length");
  t.is(chosenIndex, undefined);
});

test("the aggregate decides what is kept", async (t) => {
  const script = {
    "": "a 0.9,b 0.2,c 0.1,d 0.1",
    a: "e 0.3,f 0.3",
    b: "g 0.8,h 0.8",
    ae: "x! 0.1",
    af: "y! 0.2",
    bg: "z! 0.1",
    bh: "w! 0.1",
  };
  t.deepEqual((await search(script)).asked[2], ["0:bg", "1:bh"]);
  for (const how of ["min", "mean", "product"] as const) {
    t.deepEqual((await search(script, { aggregate: how })).asked[2], ["0:ae", "1:af"], how);
  }
});

test("tokens are counted in order; what does not fit ends the search and spends the rest", async (t) => {
  const script = {
    "": "aa 0.1,bb! 0.9,cc 0.2,dd 0.8",
    dd: "eee! 0.95,fff! 0.99",
  };
  // The first level is 8 tokens, with one more thrown away behind each step 12.
  const whole = await search(script, {}, { waste: 1 });
  t.is(whole.tokens, 12 + 8);
  t.is(whole.answer, "ddfff");
  t.deepEqual(
    whole.levels.map(({ thrownAway }) => thrownAway),
    [4, 2],
  );
  const sixteen = await search(script, { budgetTokens: 16 }, { waste: 1 });
  t.is(sixteen.tokens, 16);
  t.is(sixteen.answer, "ddeee");
  t.is(sixteen.end, "budget");
  const fifteen = await search(script, { budgetTokens: 15 }, { waste: 1 });
  t.is(fifteen.tokens, 15);
  t.is(fifteen.answer, "bb");
  t.deepEqual(
    fifteen.levels.map(({ completions, tokens }) => [completions, tokens]),
    [
      [4, 12],
      [0, 3],
    ],
  );
  const three = await search(script, { budgetTokens: 3 }, { waste: 1 });
  t.is(three.answer, "aa");
  t.is(three.chosen.prefix.finishReason, "length");
});

test("nothing that the budget does not hold is scored", async (t) => {
  const { scored } = await search({ "": "aa 0.1,bb 0.9,cc 0.2,dd 0.8" }, { budgetTokens: 5 });
  t.deepEqual(scored, [["aa", "bb"]]);
});

test("options that make no search are refused", async (t) => {
  const refused = (options: Partial<BeamSearchOptions>, message: RegExp) =>
    t.throwsAsync(search({ "": "a! 0.5" }, options), { code: "ERPRM_INVALID_ARGUMENT", message });
  await refused({ beams: 5 }, /beams to be a multiple of the width \(2\), received 5/);
  await refused({ beams: 0 }, /beams/);
  await refused({ width: 0 }, /width/);
  await refused({ maxSteps: 0 }, /maxSteps/);
  await refused({ budgetTokens: 0 }, /budgetTokens/);
  await refused({ aggregate: "max" as never }, /one of min, last, mean, product/);
});

test("an extension that cannot be read is never kept, whatever it ends with, and is counted", async (t) => {
  const script = { "": "a ?,b 0.4,c! ?,d 0.3", b: "e! 0.2,f ?", d: "g ?,h ?" };
  const { asked, answer, levels, solutions, end } = await search(script);
  t.deepEqual(asked, [
    ["0:", "1:"],
    ["0:b", "1:d"],
  ]);
  t.is(answer, "be");
  t.is(solutions.length, 1);
  t.is(end, "all-ended");
  t.deepEqual(
    levels.map(({ completions, ended, unreadable, kept }) => ({ completions, ended, unreadable, kept })),
    [
      { completions: 4, ended: 0, unreadable: 2, kept: [0.4, 0.3] },
      { completions: 4, ended: 1, unreadable: 3, kept: [0.2] },
    ],
  );
});

test("where nothing behind the prefixes can be read, the best of them is the answer, cut off", async (t) => {
  const { answer, chosen, chosenIndex, end } = await search({
    "": "a 0.4,b 0.6,a 0.4,b 0.6",
    a: "c ?,c ?",
    b: "d! ?,d! ?",
  });
  t.is(answer, "b");
  t.is(chosen.prefix.finishReason, "length");
  t.is(chosenIndex, undefined);
  t.is(end, "all-ended");
});

test("where nothing at all can be read, the answer is the first that was sampled, without a score", async (t) => {
  const { answer, chosen, chosenIndex, solutions, tokens } = await search({ "": "aa! ?,b ?,c ?,d ?" });
  t.is(answer, "aa");
  t.deepEqual(chosen.stepScores, []);
  t.is(chosen.prefix.finishReason, "stop");
  t.is(chosenIndex, undefined);
  t.deepEqual([solutions.length, tokens], [0, 5]);
});
