import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { makeInputs, trainProgram } from "../../support/fake-train-run.js";
import { runCli } from "../../support/run-cli.js";

test.serial(
  "one bad record among many is left out and named with its line; beyond --max-faults it is an error",
  async (t) => {
    const { path, run } = await makeInputs(t);
    const lines = readFileSync(path("labels.jsonl"), "utf8").trimEnd().split("\n");
    const { labels, ...rest } = JSON.parse(lines[6] as string) as { labels: { soft: number[] } };
    for (const [soft, reason] of [
      [labels.soft.slice(1), "labels-and-tags-differ"],
      [[1.5, 0], "label-out-of-range"],
      [[0.33, labels.soft[1]], "labels-contradict-counts"],
    ] as const) {
      lines[6] = JSON.stringify({ ...rest, labels: { soft } });
      writeFileSync(path("labels.jsonl"), `${lines.join("\n")}\n`);
      const place = new RegExp(`\\(${reason}\\), .*labels\\.jsonl:7 \\(problem "p2" solution 0`);
      const allowed = await run(reason, ["--target", "soft", "--max-faults", "0.02", "--max-updates", "1"]);
      t.is(allowed.code, 0, allowed.stderr);
      t.regex(allowed.stderr, place);
      t.regex(allowed.stdout, /^left out {10}1 unfit records/m);
      const refused = await run(`${reason}-strict`, ["--target", "soft", "--max-faults", "0.01"]);
      t.is(refused.code, 2, refused.stderr);
      t.regex(refused.stderr, place);
    }
  },
);

test.serial("problems with one question under two ids are on one side of the split, with a note", async (t) => {
  const { path, run } = await makeInputs(t);
  const lines = readFileSync(path("labels.jsonl"), "utf8").trimEnd().split("\n");
  const twice = lines.flatMap((line) => {
    const record = JSON.parse(line) as { problemId: string };
    return [line, JSON.stringify({ ...record, problemId: `again-${record.problemId}` })];
  });
  writeFileSync(path("labels.jsonl"), `${twice.join("\n")}\n`);
  const { code, stdout, stderr } = await run("run", ["--max-updates", "1"]);
  t.is(code, 0, stderr);
  t.regex(stderr, /20 problems have the question of an earlier one under another id \("again-p0" that of "p0"\)/);
  t.regex(stdout, /\(24 solutions of 8 problems\)/);
});

test.serial(
  "a line removed from the log of an unfinished training is an error before training goes on, --force mends it",
  async (t) => {
    const { path, run, files } = await makeInputs(t);
    t.is((await run("whole")).code, 0);
    t.is((await run("run", ["--checkpoint-every", "2"], { FAKE_NAN: "6" })).code, 2);
    const log = join(path("run"), "training.jsonl");
    const lines = readFileSync(log, "utf8").split("\n");
    writeFileSync(log, [...lines.slice(0, 2), ...lines.slice(3)].join("\n"));
    for (const _ of [1, 2]) {
      const { code, stderr } = await run("run", ["--checkpoint-every", "2"]);
      t.is(code, 2, stderr);
      t.regex(stderr, /training\.jsonl.*since the last checkpoint.*--force/);
    }
    t.is((await run("run", ["--force"])).code, 0);
    t.deepEqual(files("run"), files("whole"));
  },
);

test.serial("without held-out problems the summary still counts steps, a policy's tokens", async (t) => {
  const { path } = await makeInputs(t);
  const train = async (kind: string, ...more: string[]) => {
    const common = ["--model", path("model"), "--out", path(kind), "--held-out", "0", "--max-updates", "1"];
    return (await runCli(["train", kind, ...common, ...more], { program: trainProgram })).stdout;
  };
  const solutions = ["--solutions", path("solutions.jsonl")];
  t.regex(
    await train("prm", "--labels", path("labels.jsonl"), "--loss", "binary"),
    /^trained on {8}60 solutions of 20 problems, 120 steps in the loss$/m,
  );
  t.regex(await train("orm", ...solutions, "--loss", "binary"), /60 solutions of 20 problems, 60 steps in the loss$/m);
  t.regex(await train("policy", ...solutions), /\d+ solutions of \d+ problems, [\d,]+ tokens in the loss$/m);
});

test.serial(
  "where nothing says which prompt solutions were sampled with, a note says what is taken for it",
  async (t) => {
    const { path, run } = await makeInputs(t);
    const taken = (stderr: string) => /no manifest beside .*labels\.jsonl .* settings are (.*)/.exec(stderr)?.[1];
    const one = ["--max-updates", "1"];
    t.regex(taken((await run("a", one)).stderr) ?? "", /^the defaults/);
    t.is(taken((await run("b", [...one, "--system", "Be brief."])).stderr), "those of the flags");
    t.is(taken((await run("c", [...one, "--quiet"])).stderr), undefined);
    const problems = ["--model", path("model"), "--problems", path("problems.jsonl"), "--out", path("d"), ...one];
    t.notRegex((await runCli(["train", "policy", ...problems], { program: trainProgram })).stderr, /no manifest/);
  },
);
