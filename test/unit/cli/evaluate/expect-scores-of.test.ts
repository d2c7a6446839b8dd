import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { jsonLines } from "../../../support/evaluation-case.js";
import { handFiles, manySolutions, words } from "../../../support/evaluation-files.js";
import { makeFolder } from "../../../support/folder.js";
import { fakeProgram, runCli } from "../../../support/run-cli.js";

const fake = { program: fakeProgram };

/** Another rollout: the same names and numbers of steps, and texts that differ from the third problem on. */
const others = manySolutions.map((one, i) =>
  i < 9 ? one : { ...one, steps: one.steps.map((step, k) => (k === one.steps.length - 1 ? `Else: ${step}` : step)) },
);

/** A folder with both, and scores of the first. */
async function scoredFolder(t: ExecutionContext): Promise<string> {
  const folder = makeFolder(t, { "s.jsonl": jsonLines(manySolutions), "other.jsonl": jsonLines(others) });
  const scored = await runCli(words(folder, "score --solutions @s.jsonl --reward-model fake --out @r"), fake);
  t.is(scored.code, 0, scored.stderr);
  return folder;
}

const evaluate = (folder: string, text: string) => runCli(words(folder, `evaluate ${text} --out @e`), fake);

test("scores of another rollout are refused although names and numbers of steps fit, naming the first solution that differs", async (t) => {
  const folder = await scoredFolder(t);
  const { code, stderr } = await evaluate(folder, "--solutions @other.jsonl --scores prm=@r/scores.jsonl");
  t.is(code, 2, stderr);
  t.regex(
    stderr,
    /Expected prm to have scored the solutions that are evaluated \(.*r\/scores\.jsonl was made from .*\/s\.jsonl\)/,
  );
  t.regex(
    stderr,
    /received solution 1 of problem "p2" with another steps\[0\] than it has there in line 10, in .*other\.jsonl line 10\n$/,
  );
  t.false(existsSync(join(folder, "e")));
});

test("another question is another text", async (t) => {
  const folder = await scoredFolder(t);
  const [first, ...rest] = manySolutions;
  writeFileSync(join(folder, "other.jsonl"), jsonLines([...rest, { ...first, question: "What?" }]));
  const { code, stderr } = await evaluate(folder, "--solutions @other.jsonl --scores prm=@r/scores.jsonl");
  t.is(code, 2, stderr);
  t.regex(
    stderr,
    /solution 0 of problem "p0" with another question than it has there in line 1, in .*other\.jsonl line 40/,
  );
});

test("the file that was scored, or another one with the same texts, is taken without a word", async (t) => {
  const folder = await scoredFolder(t);
  const same = manySolutions.map(({ answer, ...one }) => ({ ...one, answer, note: "more" })).reverse();
  writeFileSync(join(folder, "same.jsonl"), jsonLines(same));
  for (const file of ["s.jsonl", "same.jsonl"]) {
    const result = await evaluate(folder, `--solutions @${file} --scores prm=@r/scores.jsonl --force`);
    t.is(result.code, 0, result.stderr);
    t.notRegex(result.stderr, /which texts|what was scored/);
  }
});

test("where the scored file is gone or changed, or no manifest is there, it is said that texts were not compared", async (t) => {
  const folder = await scoredFolder(t);
  const scores = "--solutions @other.jsonl --scores prm=@r/scores.jsonl --force";
  renameSync(join(folder, "s.jsonl"), join(folder, "moved.jsonl"));
  const gone = await evaluate(folder, scores);
  t.is(gone.code, 0, gone.stderr);
  const unknown =
    /the scores of prm: what was scored was another file, .*\/s\.jsonl, which is gone or was changed; they are taken for scores of .*other\.jsonl by problem, index and number of steps/;
  t.regex(gone.stderr, unknown);
  writeFileSync(join(folder, "s.jsonl"), jsonLines(others));
  const changed = await evaluate(folder, scores);
  t.is(changed.code, 0, changed.stderr);
  t.regex(changed.stderr, unknown);
  // It was moved, and is what is evaluated: nothing is unknown.
  const moved = await evaluate(folder, scores.replace("@other", "@moved"));
  t.is(moved.code, 0, moved.stderr);
  t.notRegex(moved.stderr, unknown);
  rmSync(join(folder, "r", "manifest.json"));
  const bare = await evaluate(folder, scores);
  t.is(bare.code, 0, bare.stderr);
  t.regex(bare.stderr, /the scores of prm: nothing beside .*r\/scores\.jsonl says which texts were scored/);
});

test("scores that an evaluation made are held against what it evaluated", async (t) => {
  const folder = await scoredFolder(t);
  const first = await runCli(words(folder, "evaluate --solutions @s.jsonl --reward-model m=fake --out @m"), fake);
  t.is(first.code, 0, first.stderr);
  const { code, stderr } = await evaluate(folder, "--solutions @other.jsonl --scores @m/scores-m.jsonl");
  t.is(code, 2, stderr);
  t.regex(stderr, /Expected m to have scored the solutions that are evaluated/);
});

test("of a ProcessBench file that an evaluation scored it is that file's texts", async (t) => {
  const folder = makeFolder(t, handFiles());
  const bench = manySolutions.map(({ question, steps }, i) => ({ id: `b${i}`, problem: question, steps, label: -1 }));
  writeFileSync(join(folder, "b.jsonl"), jsonLines(bench));
  const evaluation = "evaluate --solutions @s.jsonl --reward-model m=fake --processbench @b.jsonl --out @m";
  const first = await runCli(words(folder, evaluation), fake);
  t.is(first.code, 0, first.stderr);
  const graded = bench.map(({ id, problem, steps }, i) => ({
    ...{ problemId: id, index: 0, question: problem, answer: "4", outcome: i % 2 },
    // In ProcessBench's form steps are joined by empty lines.
    steps: steps.map((step, k) => (k + 1 < steps.length ? `${step}\n\n` : step)),
  }));
  writeFileSync(join(folder, "g.jsonl"), jsonLines(graded));
  const args = (file: string) => [
    ...words(folder, `evaluate --solutions @${file} --out @e --force --scores`),
    join(folder, "m", "scores-m@b.jsonl"),
  ];
  const same = await runCli(args("g.jsonl"), fake);
  t.is(same.code, 0, same.stderr);
  t.notRegex(same.stderr, /which texts|what was scored/);
  writeFileSync(join(folder, "h.jsonl"), jsonLines(graded.map((one) => ({ ...one, question: `${one.question}!` }))));
  const { code, stderr } = await runCli(args("h.jsonl"), fake);
  t.is(code, 2, stderr);
  t.regex(stderr, /made from .*b\.jsonl\), received solution 0 of problem "b0" with another question/);
});
