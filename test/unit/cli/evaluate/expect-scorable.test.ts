import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { jsonLines } from "../../../support/evaluation-case.js";
import { manySolutions, words } from "../../../support/evaluation-files.js";
import { makeFolder } from "../../../support/folder.js";
import { fakeProgram, runCli } from "../../../support/run-cli.js";

const fake = { program: fakeProgram };

test("candidates that a reward model cannot score in a sound way are refused before any is scored, each with its line", async (t) => {
  // `*` is the tag of the fake model, and its context has 4096 bytes.
  const changed = manySolutions.map((one, i) => {
    if (i === 5) return { ...one, steps: ["Two * three.\n", "It is 6.\n"] };
    if (i === 7) return { ...one, steps: ["It is 6.\n", "\n"] };
    return i === 8 ? { ...one, steps: ["x".repeat(5000)] } : one;
  });
  const folder = makeFolder(t, { "s.jsonl": jsonLines(changed), "fit.jsonl": jsonLines(manySolutions) });
  const evaluate = (file: string) =>
    runCli(words(folder, `evaluate --solutions @${file} --reward-model prm=fake --out @e --tokens-per-batch 50`), fake);
  const { code, stdout, stderr } = await evaluate("s.jsonl");
  t.is(code, 2, stderr);
  t.is(stdout, "");
  t.regex(stderr, /Expected solutions that prm can score, found 3 of 40 that it cannot: /);
  t.regex(stderr, /s\.jsonl:6 \(problem "p1" solution 1: 3 step tags "\*" for 2 steps\), /);
  t.regex(stderr, /s\.jsonl:8 \(problem "p1" solution 3: step 1 of 2 is "\\n"\), /);
  t.regex(stderr, /s\.jsonl:9 \(problem "p2" solution 0: .* context of 4096 tokens/);
  t.regex(stderr, /take them out of the file, and score with every model what is left\n$/);
  t.is(statSync(join(folder, "e", "scores-prm.jsonl")).size, 0);
  t.false(existsSync(join(folder, "e", "evaluation.json")));
});

test("of many unfit candidates ten are named and the others counted", async (t) => {
  const tagged = manySolutions.map((one, i) => (i < 13 ? { ...one, steps: ["2 * 3"] } : one));
  const folder = makeFolder(t, { "s.jsonl": jsonLines(tagged) });
  const { code, stderr } = await runCli(
    words(folder, "evaluate --solutions @s.jsonl --reward-model fake --out @e"),
    fake,
  );
  t.is(code, 2);
  t.regex(stderr, /found 13 of 40 that it cannot: /);
  t.is(stderr.match(/s\.jsonl:\d+ \(problem/g)?.length, 10);
  t.regex(stderr, /\) and 3 others; /);
});

test("a tag in a solution in ProcessBench form is refused before the candidates are scored", async (t) => {
  const bench = [0, 1].map((i) => ({
    id: `b${i}`,
    problem: "2 times 3?",
    steps: ["2 * 3.", "6."].slice(1 - i),
    label: -1,
  }));
  const folder = makeFolder(t, { "s.jsonl": jsonLines(manySolutions), "b.jsonl": jsonLines(bench) });
  const evaluation = "evaluate --solutions @s.jsonl --reward-model fake --processbench @b.jsonl --out @e";
  const { code, stderr } = await runCli(words(folder, evaluation), fake);
  t.is(code, 2);
  t.regex(stderr, /found 1 of 2 that it cannot: .*b\.jsonl:2 \(problem "b1" solution 0: 3 step tags/);
  t.is(readFileSync(join(folder, "e", "scores-fake.jsonl"), "utf8"), "");
});

test("what the second of two models cannot score is said before the first one scores any", async (t) => {
  const folder = makeFolder(t, { "s.jsonl": jsonLines(manySolutions) });
  const evaluation = "evaluate --solutions @s.jsonl --reward-model long=fake --reward-model short=fake-short --out @e";
  const { code, stderr } = await runCli(words(folder, evaluation), fake);
  t.is(code, 2, stderr);
  t.regex(stderr, /Expected solutions that short can score, found \d+ of 40 that it cannot: .* context of 60 tokens/);
  for (const name of ["long", "short"]) t.is(statSync(join(folder, "e", `scores-${name}.jsonl`)).size, 0, name);
});
