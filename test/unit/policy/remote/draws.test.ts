import test from "ava";
import { drawsOf, seedOf } from "../../../../src/policy/remote/draws.js";
import { promptStepIndex, type TrunkGroup } from "../../../../src/policy/trunk.js";

const options = { seed: 7, problemId: "p", maxCompletions: 4 };

function solutions(first: number, end: number): TrunkGroup[] {
  return Array.from({ length: end - first }, (_, i) => ({
    prefixLength: 5,
    numCompletions: 1,
    solutionIndex: first + i,
    stepIndex: promptStepIndex,
    firstCompletion: 0,
  }));
}

function prefix(fields: Partial<TrunkGroup>): TrunkGroup {
  return { prefixLength: 9, numCompletions: 3, solutionIndex: 0, stepIndex: 1, firstCompletion: 0, ...fields };
}

test("completions of a prefix are asked for together, in pieces of a bounded size with a seed each", (t) => {
  const draws = drawsOf([prefix({ numCompletions: 10 })], options);
  t.deepEqual(
    draws.map(({ numCompletions }) => numCompletions),
    [4, 4, 2],
  );
  t.is(new Set(draws.map(({ seed }) => seed)).size, 3);
  t.deepEqual(
    draws.flatMap(({ places }) => places.map((place) => place?.completion)),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
});

test("solutions of a problem are completions of its prompt", (t) => {
  const draws = drawsOf(solutions(0, 6), options);
  t.deepEqual(
    draws.map(({ numCompletions }) => numCompletions),
    [4, 2],
  );
  t.deepEqual(
    draws.flatMap(({ places }) => places),
    [0, 1, 2, 3, 4, 5].map((group) => ({ group, completion: 0 })),
  );
});

test("the solutions that a run still lacks are asked for in the request that brought the others", (t) => {
  const [whole, missing] = [drawsOf(solutions(0, 6), options), drawsOf(solutions(3, 6), options)];
  const request = ({ seed, numCompletions }: (typeof whole)[0]) => ({ seed, numCompletions });
  t.deepEqual(missing.map(request), whole.map(request));
  t.deepEqual([...(missing[0]?.places ?? [])], [undefined, undefined, undefined, { group: 0, completion: 0 }]);
});

test("a seed depends on problem, solution, step and first completion, and every server takes it", (t) => {
  const seeds = [
    seedOf(7, "p", 0, 1, 0),
    seedOf(8, "p", 0, 1, 0),
    seedOf(7, "q", 0, 1, 0),
    seedOf(7, "p", 1, 1, 0),
    seedOf(7, "p", 0, 2, 0),
    seedOf(7, "p", 0, 1, 4),
  ];
  t.is(new Set(seeds).size, seeds.length);
  for (const seed of seeds) t.true(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31);
  t.deepEqual(
    drawsOf([prefix({}), prefix({ firstCompletion: 3 })], options).map(({ seed }) => seed),
    [seedOf(7, "p", 0, 1, 0), seedOf(7, "p", 0, 1, 3)],
  );
});
