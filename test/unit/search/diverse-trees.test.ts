import test from "ava";
import { beamSearch } from "../../../src/search/beam.js";
import { diverseTreeSearch } from "../../../src/search/diverse-trees.js";
import type { TreeSearchOptions } from "../../../src/search/tree-search.js";
import { pathOf, type Script, scriptedSearch } from "../../support/scripted-search.js";

async function search(script: Script, options: Partial<TreeSearchOptions> = {}, algorithm = diverseTreeSearch) {
  const scripted = scriptedSearch(script);
  const result = await algorithm({ beams: 4, width: 2, maxSteps: 9, aggregate: "last", ...scripted, ...options });
  return { ...result, ...scripted, answer: pathOf(result.chosen.prefix) };
}

test("a tree goes on with the best of its own extensions, however good another tree's are", async (t) => {
  // The first tree's worse extension is better than the second tree's best one.
  const script = {
    "": "a 0.9,b 0.8,c 0.2,d 0.1",
    a: "e 0.7,f 0.75",
    b: "q 0.5",
    c: "g 0.3,h 0.05",
    af: "x! 0.4,y! 0.2",
    cg: "z! 0.6,w! 0.1",
    ae: "v! 0.1",
    bq: "u! 0.1",
  };
  const { asked, answer, end } = await search(script);
  t.deepEqual(asked, [
    ["0:", "1:"],
    ["0:a", "1:c"],
    ["0:af", "1:cg"],
  ]);
  t.is(answer, "cgz");
  t.is(end, "all-ended");
  t.deepEqual((await search(script, {}, beamSearch)).asked[1], ["0:a", "1:b"]);
});

test("a tree whose best has ended is not extended; the others go on in their own slots", async (t) => {
  const { asked, answer, levels } = await search({
    "": "a! 0.4,b 0.3,c 0.2,d 0.1",
    c: "e 0.1,f 0.3",
    cf: "g! 0.35,h! 0.2",
  });
  t.deepEqual(asked, [["0:", "1:"], ["1:c"], ["1:cf"]]);
  t.deepEqual(levels.at(-1)?.kept, [0.4, 0.35]);
  t.is(answer, "a");
});

test("a tree that only limits ended is over", async (t) => {
  const { asked, answer } = await search({ "": "a~ 0.9,b~ 0.8,c 0.2,d 0.1", c: "e! 0.1,f! 0.3" });
  t.deepEqual(asked, [["0:", "1:"], ["1:c"]]);
  t.is(answer, "cf");
});

test("of equal extensions of a tree the first is kept", async (t) => {
  const { asked } = await search({ "": "a 0.5,b 0.5,c 0.5,d 0.5", a: "x! 0.1", c: "y! 0.1" });
  t.deepEqual(asked[1], ["0:a", "1:c"]);
});

test("the budget cuts in the order of the trees", async (t) => {
  const script = { "": "a 0.5,b 0.4,c 0.3,d 0.2", a: "e! 0.1,f! 0.2", c: "g! 0.9,h! 0.8" };
  const { answer, tokens, end } = await search(script, { budgetTokens: 6 });
  t.is(answer, "af");
  t.is(tokens, 6);
  t.is(end, "budget");
  t.is((await search(script, { budgetTokens: 7 })).answer, "cg");
});
