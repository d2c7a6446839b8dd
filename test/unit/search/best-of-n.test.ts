import test from "ava";
import { type BestOfNOptions, bestOfNSearch } from "../../../src/search/best-of-n.js";
import type { Prefix } from "../../../src/search/prefix.js";

/** Solution i has `lengths[i]` tokens and one step, scored `scores[i]`; `cut` ones were cut off by a limit. */
async function search(lengths: number[], scores: number[], options: Partial<BestOfNOptions> = {}, cut: number[] = []) {
  const waves: number[] = [];
  const solution = (i: number): Prefix => ({
    steps: [`solution ${i}`],
    tokenIds: Array.from({ length: lengths[i] as number }, () => i),
    stepEnds: [lengths[i] as number],
    logProbability: -1,
    finishReason: cut.includes(i) ? "length" : "stop",
  });
  const result = await bestOfNSearch({
    aggregate: "last",
    sample: async ({ first, numSolutions }) => {
      waves.push(numSolutions);
      return Array.from({ length: numSolutions }, (_, i) => ({
        prefix: solution((first + i) % lengths.length),
        numTokens: lengths[(first + i) % lengths.length] as number,
      }));
    },
    score: async (prefixes) => prefixes.map(({ tokenIds }) => [scores[tokenIds[0] as number] as number]),
    ...options,
  });
  return { ...result, waves };
}

test("the solution with the highest score is chosen, of equal ones the first", async (t) => {
  const { chosenIndex, solutions, end, tokens, waves } = await search([5, 6, 7, 8], [0.1, 0.7, 0.7, 0.3], {
    numSolutions: 4,
  });
  t.is(chosenIndex, 1);
  t.is(solutions.length, 4);
  t.is(end, "max-solutions");
  t.is(tokens, 26);
  t.deepEqual(waves, [4]);
});

test("a budget holds the solutions that fit into it one after another", async (t) => {
  const lengths = [5, 6, 7, 8, 5];
  for (const [budgetTokens, held, tokens] of [
    [5, 1, 5],
    [10, 1, 10],
    [11, 2, 11],
    [17, 2, 17],
    [18, 3, 18],
    [31, 5, 31],
    [35, 5, 35],
    [36, 6, 36],
  ] as const) {
    const result = await search(lengths, [0.1, 0.2, 0.3, 0.4, 0.5], { budgetTokens });
    t.deepEqual([result.solutions.length, result.tokens, result.end], [held, tokens, "budget"], `${budgetTokens}`);
  }
});

test("a later, shorter solution does not take the place of one that did not fit", async (t) => {
  const { solutions, chosenIndex } = await search([5, 9, 2], [0.1, 0.2, 0.9], { budgetTokens: 8 });
  t.is(solutions.length, 1);
  t.is(chosenIndex, 0);
});

test("with a budget and a number the first that is reached ends it", async (t) => {
  t.is((await search([5], [0.1], { budgetTokens: 100, numSolutions: 3 })).end, "max-solutions");
  t.is((await search([5], [0.1], { budgetTokens: 14, numSolutions: 3 })).end, "budget");
});

test("a solution that was cut off is chosen only where none ended by itself", async (t) => {
  t.is((await search([5, 5], [0.9, 0.1], { numSolutions: 2 }, [0])).chosenIndex, 1);
  t.is((await search([5, 5], [0.1, 0.9], { numSolutions: 2 }, [0, 1])).chosenIndex, 1);
});

test("without a number and without a budget it would never end, and is refused", async (t) => {
  await t.throwsAsync(search([5], [0.1]), { code: "ERPRM_INVALID_ARGUMENT", message: /numSolutions to be given/ });
  await t.throwsAsync(search([5], [0.1], { budgetTokens: 0 }), { message: /budgetTokens/ });
});

test("a solution that cannot be read is one of the N, is paid for, and is not chosen", async (t) => {
  const scores = [0.1, 0.9, 0.5];
  const score = async (prefixes: readonly Prefix[]) =>
    prefixes.map(({ tokenIds }) => (tokenIds[0] === 1 ? undefined : [scores[tokenIds[0] as number] as number]));
  for (const options of [{ numSolutions: 3 }, { budgetTokens: 18 }]) {
    const { chosen, solutions, levels, tokens } = await search([5, 6, 7], scores, { ...options, score });
    t.is(chosen.score, 0.5);
    t.deepEqual([solutions.length, tokens], [2, 18]);
    t.is(
      levels.reduce((sum, { unreadable }) => sum + unreadable, 0),
      1,
    );
  }
  const none = await search([5, 6, 7], scores, { numSolutions: 3, score: async (all) => all.map(() => undefined) });
  t.deepEqual([none.solutions.length, none.chosenIndex, none.tokens, none.end], [0, undefined, 18, "max-solutions"]);
  t.is(none.chosen.prefix.steps[0], "solution 0");
});
