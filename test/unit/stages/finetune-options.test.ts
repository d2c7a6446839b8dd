import test from "ava";
import { roundLearningRate, roundProblems, roundSeed } from "../../../src/stages/finetune-options.js";

const problems = Array.from({ length: 10 }, (_, i) => ({ id: `p${i}`, question: `q${i}`, answer: "1" }));
const ids = (roundIndex: number, problemsPerRound?: number, seed = 0) =>
  roundProblems(problems, roundIndex, { seed, problemsPerRound }).map(({ id }) => id);

test("the learning rate falls from round to round as the paper's code has it, or stays", (t) => {
  t.deepEqual(
    [1, 2, 3].map((round) => roundLearningRate({ learningRate: 0.3 }, round, 3)),
    [(0.3 * 3) / 3, (0.3 * 2) / 3, 0.3 / 3],
  );
  t.is(roundLearningRate({ learningRate: 0.3, roundDecay: "none" }, 3, 3), 0.3);
});

test("every part of every round has a seed of its own, an integer that every stage takes", (t) => {
  const seeds = [0, 1].flatMap((seed) =>
    [1, 2, 3].flatMap((round) =>
      (["roll out", "train", "sample"] as const).map((part) => roundSeed(seed, round, part)),
    ),
  );
  t.is(new Set(seeds).size, 18);
  t.true(seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0));
});

test("rounds take all problems, or the next ones of one random order, in the order of the file", (t) => {
  t.deepEqual(
    ids(2),
    problems.map(({ id }) => id),
  );
  t.deepEqual(
    ids(1, 99),
    problems.map(({ id }) => id),
  );
  const rounds = [1, 2, 3].map((round) => ids(round, 4));
  for (const round of rounds) {
    t.is(new Set(round).size, 4);
    t.deepEqual([...round].sort(), round);
  }
  const [first = [], second = [], third = []] = rounds;
  t.is(new Set([...first, ...second]).size, 8, "no problem comes twice before all came once");
  t.true(
    problems.every(({ id }) => [...first, ...second, ...third].includes(id)),
    "12 places, 10 problems",
  );
  t.notDeepEqual(ids(1, 4, 1), first);
});
