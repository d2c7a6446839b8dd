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

/** What each tree asked for, in its order. */
function byTree({ asked }: { asked: string[][] }): string[][] {
  const trees: string[][] = [];
  for (const request of asked.flat()) {
    const [slot, path = ""] = request.split(":");
    trees[Number(slot)] = [...(trees[Number(slot)] ?? []), path];
  }
  return trees;
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
  const found = await search(script);
  t.deepEqual(byTree(found), [
    ["", "a", "af"],
    ["", "c", "cg"],
  ]);
  t.is(found.answer, "cgz");
  t.is(found.end, "all-ended");
  t.deepEqual((await search(script, {}, beamSearch)).asked[1], ["0:a", "1:b"]);
});

test("a tree whose best has ended is not extended; the others go on in their own slots", async (t) => {
  const found = await search({
    "": "a! 0.4,b 0.3,c 0.2,d 0.1",
    c: "e 0.1,f 0.3",
    cf: "g! 0.35,h! 0.2",
  });
  t.deepEqual(byTree(found), [[""], ["", "c", "cf"]]);
  t.deepEqual(
    found.levels.map(({ prefixes, kept }) => [prefixes, kept]),
    [
      [2, [0.4, 0.2]],
      [1, [0.4, 0.3]],
      [1, [0.4, 0.35]],
    ],
  );
  t.is(found.answer, "a");
});

test("a tree that only limits ended is over", async (t) => {
  const found = await search({ "": "a~ 0.9,b~ 0.8,c 0.2,d 0.1", c: "e! 0.1,f! 0.3" });
  t.deepEqual(byTree(found), [[""], ["", "c"]]);
  t.is(found.answer, "cf");
});

test("of equal extensions of a tree the first is kept", async (t) => {
  const found = await search({ "": "a 0.5,b 0.5,c 0.5,d 0.5", a: "x! 0.1", c: "y! 0.1" });
  t.deepEqual(
    byTree(found).map(([, second]) => second),
    ["a", "c"],
  );
});

test("a budget is spent tree by tree, so that a small one holds a whole tree", async (t) => {
  const script = { "": "a 0.5,b 0.4,c 0.3,d 0.2", a: "e! 0.1,f! 0.2", c: "g! 0.9,h! 0.8" };
  for (const [budgetTokens, answer, end] of [
    [1, "a", "budget"],
    [3, "ae", "budget"],
    [4, "af", "budget"],
    [5, "af", "budget"],
    [6, "af", "budget"],
    [7, "cg", "budget"],
    [8, "cg", "all-ended"],
    [9, "cg", "all-ended"],
  ] as const) {
    const found = await search(script, { budgetTokens });
    t.deepEqual([found.answer, found.end, found.tokens], [answer, end, Math.min(budgetTokens, 8)], `${budgetTokens}`);
  }
  const { levels, tokens, solutions } = await search(script, { budgetTokens: 8 });
  t.deepEqual(
    { levels, tokens, solutions },
    await search(script).then((one) => ({ levels: one.levels, tokens: one.tokens, solutions: one.solutions })),
  );
});
