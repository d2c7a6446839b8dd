import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { handLabels, handScores, handSolutions, jsonLines } from "../../../support/evaluation-case.js";
import { changedScores, handFiles, manySolutions, words } from "../../../support/evaluation-files.js";
import { makeFolder } from "../../../support/folder.js";
import { fakeProgram, runCli } from "../../../support/run-cli.js";

const fake = { program: fakeProgram };

/** Exit code 2 or 4, one message, and no evaluation. */
const refuses = test.macro(async (t, more: Record<string, string>, text: string, code: number, message: RegExp) => {
  const folder = makeFolder(t, { ...handFiles(), ...more });
  const result = await runCli(words(folder, `evaluate --out @e ${text}`), fake);
  t.is(result.code, code, result.stderr);
  t.regex(result.stderr, message);
  t.is(result.stdout, "");
  t.false(existsSync(join(folder, "e", "evaluation.json")));
});
const given = "--solutions @s.jsonl";

test("no solutions: exit 2", refuses, {}, "--scores @scores.jsonl", 2, /Expected --solutions to be given/);
test("a file that is not there: exit 2", refuses, {}, "--solutions @none.jsonl", 2, /Expected a file at .*none\.jsonl/);
test(
  "solutions without outcomes: exit 2 by line",
  refuses,
  { "s.jsonl": jsonLines(handSolutions.map(({ outcome, ...one }) => one)) },
  given,
  2,
  /outcome .*s\.jsonl line 1/,
);
test(
  "a solution twice: exit 2 by line",
  refuses,
  { "s.jsonl": jsonLines([...handSolutions, handSolutions[2]]) },
  given,
  2,
  /\(a, 2\) as in line 3, in .*s\.jsonl line 11/,
);
test(
  "a score twice: exit 2 by line",
  refuses,
  { "scores.jsonl": jsonLines([...handScores, handScores[0]]) },
  `${given} --scores @scores.jsonl`,
  2,
  /\(a, 0\) as in line 1, in .*scores\.jsonl line 11/,
);
test(
  "a solution without a score: exit 2, naming the file of scores, how many lack one, and the first by line",
  refuses,
  { "scores.jsonl": jsonLines(handScores.filter((_, i) => i !== 2 && i !== 9)) },
  `${given} --scores x=@scores.jsonl`,
  2,
  /Expected .*\/scores\.jsonl to have a score of x for every solution, found none for 2 of 10 \(.*\); the first is solution 2 of problem "a", in .*s\.jsonl line 3\n$/,
);
test("scores of which `erprm score --max-faults` left some out are refused before anything is evaluated", async (t) => {
  // `*` is the tag of the fake model.
  const [first, ...others] = manySolutions;
  const tagged = { ...first, steps: ["Two * three.\n"] };
  const folder = makeFolder(t, { "s.jsonl": jsonLines([...others, tagged]) });
  const score = "score --solutions @s.jsonl --reward-model fake --max-faults 0.1 --out @scores";
  const scored = await runCli(words(folder, score), fake);
  t.is(scored.code, 0, scored.stderr);
  const result = await runCli(words(folder, "evaluate --solutions @s.jsonl --scores @scores/scores.jsonl --out @e"));
  t.is(result.code, 2, result.stderr);
  t.regex(result.stderr, /scores\.jsonl to have a score of scores for every solution, found none for 1 of 40 /);
  t.regex(result.stderr, /the first is solution 0 of problem "p0", in .*s\.jsonl line 40\n$/);
  t.false(existsSync(join(folder, "e")));
});
test(
  "a score without a solution: exit 2 by line",
  refuses,
  { "scores.jsonl": changedScores({ index: 7 }) },
  `${given} --scores x=@scores.jsonl`,
  2,
  /a solution for every score of x, found none for \(a, 7\), in .*scores\.jsonl line 1/,
);
test(
  "scores of other steps: exit 2 by line",
  refuses,
  { "scores.jsonl": changedScores({ stepScores: [0.5] }) },
  `${given} --scores x=@scores.jsonl`,
  2,
  /each of the 2 steps of \(a, 0\), received 1, in .*scores\.jsonl line 1/,
);
test(
  "labels of other solutions: exit 2 by line",
  refuses,
  { "l.jsonl": jsonLines([{ ...handLabels[0], index: 8 }]) },
  `${given} --scores x=@scores.jsonl --labels @l.jsonl`,
  2,
  /received \(a, 8\), in .*l\.jsonl line 1/,
);
test(
  "labels that are found wrong before a model is opened: exit 2",
  refuses,
  { "l.jsonl": jsonLines(handSolutions) },
  `${given} --reward-model fake --labels @l.jsonl`,
  2,
  /^Expected labelled steps with their counts.*l\.jsonl line 1\n$/,
);
test(
  "a ProcessBench file that is none: exit 2 by line",
  refuses,
  {},
  `${given} --reward-model fake --processbench @s.jsonl`,
  2,
  /Expected .* in .*s\.jsonl line 1/,
);
test(
  "more candidates than any problem has: exit 2",
  refuses,
  {},
  `${given} --num-candidates 1,8`,
  2,
  /a number of candidates .* to be an integer from 1 to 4, received 8/,
);
test(
  "two models of one name: exit 2",
  refuses,
  {},
  `${given} --reward-model a/fake --scores fake=@scores.jsonl`,
  2,
  /names of reward models to be unique, received fake/,
);
test(
  "an aggregate that is none: exit 2",
  refuses,
  {},
  `${given} --scores @scores.jsonl --aggregate min,max`,
  2,
  /--aggregate to be some of min, last, mean, product, all/,
);
test(
  "a threshold that is none: exit 2",
  refuses,
  {},
  `${given} --scores @scores.jsonl --threshold often`,
  2,
  /--threshold to be auto or a number from 0 to 1/,
);
test(
  "a flag of a model without a model: exit 2",
  refuses,
  {},
  `${given} --scores @scores.jsonl --dtype int8`,
  2,
  /no --dtype without --reward-model/,
);
test(
  "labels without anything that scores: exit 2",
  refuses,
  {},
  `${given} --labels @l.jsonl`,
  2,
  /no --labels without --reward-model or --scores/,
);
