import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { labelSteps } from "../../../src/data/step-labels.js";
import type { CompletionRecord, LabelRecord } from "../../../src/types.js";
import { makeFolder } from "../../support/folder.js";
import { fakeProgram, runCli, startCli } from "../../support/run-cli.js";
import { withOptions } from "../../support/with-options.js";

const problems = Array.from({ length: 6 }, (_, i) =>
  JSON.stringify({ id: `p${i}`, question: `What is ${i} + ${4 - i}?`, answer: "4" }),
).join("\n");

function labelRun(t: { teardown(fn: () => void): void }) {
  const folder = makeFolder(t, { "p.jsonl": problems });
  const args = (name: string, ...more: string[]) => [
    "label",
    ...["--policy", "fake", "--problems", join(folder, "p.jsonl"), "--out", join(folder, name)],
    ...["--num-solutions", "3", ...more],
  ];
  const relabel = (from: string, name: string, ...more: string[]) => [
    ...["label", "--from", join(folder, from, "labels.jsonl"), "--out", join(folder, name), ...more],
  ];
  const text = (name: string, file: string) => readFileSync(join(folder, name, file), "utf8");
  const lines = <T>(name: string, file: string) =>
    text(name, file)
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as T);
  return { folder, args, relabel, text, lines };
}

const run = (args: string[]) => runCli(args, { program: fakeProgram });

for (const options of [
  ["--tolerance", "0.2", "--max-completions", "20"],
  ["--first-error", "--num-completions", "6", "--estimator", "posterior"],
]) {
  test(`${options[0]}: killed at any moment and resumed, labels and completions have the same bytes`, async (t) => {
    const { args, text } = labelRun(t);
    const wanted = [...options, "--keep-completions"];
    t.is((await run(args("whole", ...wanted))).code, 0);
    let kills = 0;
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const env = { FAKE_DELAY_MS: "25", FAKE_BATCH: String(1 + (attempt % 3)) };
      const running = startCli(args("killed", ...wanted), { program: fakeProgram, env });
      await running.says("loaded");
      const timer = setTimeout(() => running.kill("SIGKILL"), 30 + ((attempt * 53) % 170));
      const { code } = await running.result;
      clearTimeout(timer);
      if (code === null) kills += 1;
    }
    t.true(kills >= 2, `${kills} kills`);
    t.is((await run(args("killed", ...wanted))).code, 0);
    for (const file of ["solutions.jsonl", "completions.jsonl", "labels.jsonl"]) {
      t.is(text("killed", file), text("whole", file), file);
    }
  });
}

test("completions whose solution has no labels yet are not written twice", async (t) => {
  const { folder, args, text } = labelRun(t);
  const wanted = ["--num-completions", "3", "--keep-completions"];
  await run(args("whole", ...wanted));
  await run(args("cut", ...wanted));
  // As a kill between the two files leaves them, and before the manifest was told of the end.
  const manifest = JSON.parse(text("cut", "manifest.json"));
  writeFileSync(join(folder, "cut", "manifest.json"), JSON.stringify({ ...manifest, status: "unfinished" }));
  const kept = (file: string, number: number) => {
    const lines = text("cut", file).split("\n").slice(0, number).join("\n");
    writeFileSync(join(folder, "cut", file), `${lines}\n`);
  };
  kept("labels.jsonl", 2);
  kept("completions.jsonl", text("cut", "completions.jsonl").split("\n").length - 5);
  const { code, stderr } = await run(args("cut", ...wanted));
  t.is(code, 0, stderr);
  for (const file of ["completions.jsonl", "labels.jsonl"]) t.is(text("cut", file), text("whole", file), file);
});

test("kept completions are those behind the counts; without the flag there is no such file", async (t) => {
  const { args, lines, text } = labelRun(t);
  t.is((await run(args("kept", "--num-completions", "3", "--keep-completions"))).code, 0);
  const completions = lines<CompletionRecord>("kept", "completions.jsonl");
  let expected = 0;
  for (const { problemId, index, steps } of lines<LabelRecord>("kept", "labels.jsonl")) {
    for (const [t0, { numCompletions, numCorrect, terminal }] of steps.entries()) {
      if (terminal) continue;
      const of = completions.filter(
        (one) => one.problemId === problemId && one.index === index && one.stepIndex === t0,
      );
      t.is(of.length, numCompletions);
      t.is(of.filter(({ outcome }) => outcome === 1).length, numCorrect);
      expected += numCompletions;
    }
  }
  t.is(completions.length, expected);
  await run(args("plain", "--num-completions", "3"));
  t.throws(() => text("plain", "completions.jsonl"), { code: "ENOENT" });
  t.is(text("plain", "labels.jsonl"), text("kept", "labels.jsonl"));
});

test("allocation and estimator are in every record and in the manifest, and belong to the run", async (t) => {
  const { args, lines, text } = labelRun(t);
  const options = ["--tolerance", "0.2", "--adaptive-label", "er:2.0", "--estimator", "posterior", "--prior", "1,2"];
  t.is((await run(args("run", ...options))).code, 0);
  const allocation = { kind: "adaptive", label: "er:2", tolerance: 0.2, minCompletions: 4, maxCompletions: 64 };
  const estimator = { kind: "posterior", prior: [1, 2] };
  const manifest = JSON.parse(text("run", "manifest.json"));
  t.deepEqual(manifest.options.allocation, allocation);
  t.deepEqual(manifest.options.estimator, estimator);
  for (const record of lines<LabelRecord>("run", "labels.jsonl")) {
    t.deepEqual(record.allocation as unknown, allocation);
    t.deepEqual(record.estimator as unknown, estimator);
  }
  t.is((await run(args("run", ...options, "--threads", "1"))).code, 0);
  for (const other of [
    ["--max-completions", "32"],
    ["--min-completions", "5"],
    ["--prior", "1,3"],
    ["--keep-completions"],
  ]) {
    const { code, stderr } = await run(args("run", ...withOptions(options, other)));
    t.is(code, 4, `${other.join(" ")}: ${stderr}`);
  }
});

test("a run of a fixed number has the manifest and records it always had", async (t) => {
  const { args, lines, text } = labelRun(t);
  await run(args("run", "--num-completions", "3"));
  const { options } = JSON.parse(text("run", "manifest.json"));
  t.is(options.numCompletions, 3);
  for (const name of ["allocation", "estimator", "keepCompletions"]) t.false(name in options, name);
  for (const record of lines<LabelRecord>("run", "labels.jsonl"))
    t.false("allocation" in record || "estimator" in record);
});

test("--from computes posterior labels with a prior that is fitted to the file, and says which", async (t) => {
  const { args, relabel, lines, text } = labelRun(t);
  await run(args("counts", "--tolerance", "0.25", "--eta", "2"));
  const { code, stderr } = await run(
    relabel("counts", "fitted", "--estimator", "posterior", "--prior", "fitted", "--eta", "2"),
  );
  t.is(code, 0, stderr);
  const { estimator } = JSON.parse(text("fitted", "manifest.json")).options;
  t.is(estimator.kind, "posterior");
  const plain = lines<LabelRecord>("counts", "labels.jsonl");
  for (const [i, record] of lines<LabelRecord>("fitted", "labels.jsonl").entries()) {
    const { steps, allocation } = plain[i] as LabelRecord;
    t.deepEqual(record.estimator, estimator);
    t.deepEqual(record.steps, steps);
    t.deepEqual(record.allocation, allocation);
    t.deepEqual(record.labels, labelSteps(steps, ["hard", "soft", "er:2"], estimator).labels);
  }
});

test("inferred steps are counted apart, and labelled anew from the step they stand on", async (t) => {
  const { args, relabel, lines, text } = labelRun(t);
  await run(args("search", "--first-error", "--num-completions", "6"));
  const records = lines<LabelRecord>("search", "labels.jsonl");
  const inferred = records.flatMap(({ steps }) => steps).filter(({ inferredFrom }) => inferredFrom !== undefined);
  t.true(inferred.length > 0);
  const { counts } = JSON.parse(text("search", "manifest.json"));
  t.is(counts.inferredSteps, inferred.length);
  t.is(counts.completedSteps + counts.inferredSteps + records.length, counts.steps);
  t.is((await run(relabel("search", "other", "--eta", "1,2,5"))).code, 0);
  t.is(text("other", "labels.jsonl"), text("search", "labels.jsonl"));
});

const common = ["label", "--policy", "fake", "--out", "nowhere", "--problems", "none.jsonl"];
const relabelling = ["label", "--from", "none.jsonl", "--out", "nowhere"];
for (const [args, message] of [
  [[...common, "--tolerance", "0"], /--tolerance to be a number above 0, at most 0.5/],
  [[...common, "--tolerance", "0.6"], /--tolerance to be a number above 0, at most 0.5/],
  [[...common, "--tolerance", "0.1", "--num-completions", "8"], /no --num-completions together with --tolerance/],
  [
    [...common, "--tolerance", "0.1", "--first-error"],
    /one of --tolerance, --gain and --first-error, received --tolerance and --first-error/,
  ],
  [[...common, "--tolerance", "0.1", "--gain", "0.1"], /received --tolerance and --gain/],
  [[...common, "--gain", "0"], /--gain to be a number above 0, at most 0.5/],
  [[...common, "--gain", "0.001", "--num-completions", "8"], /no --num-completions together with --gain/],
  [[...relabelling, "--gain", "0.1"], /no --gain together with --from/],
  [[...common, "--tolerance", "0.1", "--min-completions", "65"], /maxCompletions to be an integer from 65/],
  [[...common, "--tolerance", "0.1", "--adaptive-label", "hard"], /soft or er:ETA: a hard label has no interval/],
  [[...common, "--tolerance", "0.1", "--adaptive-label", "firm"], /hard, soft or er:ETA/],
  [[...common, "--adaptive-label", "soft"], /no --adaptive-label without --tolerance or --gain/],
  [[...common, "--max-completions", "8"], /no --max-completions without --tolerance or --gain/],
  [[...common, "--min-completions", "8"], /no --min-completions without --tolerance, --gain or --first-error/],
  [[...common, "--first-error", "--max-completions", "8"], /no --max-completions without --tolerance or --gain/],
  [[...common, "--first-error", "--min-completions", "17"], /minCompletions to be an integer from 1 to 16/],
  [[...common, "--prior", "1,1"], /no --prior without --estimator posterior/],
  [[...common, "--estimator", "mean"], /--estimator to be one of plug-in, posterior|one of plug-in, posterior/],
  [[...common, "--estimator", "posterior", "--prior", "1"], /--prior to be jeffreys, fitted or two numbers/],
  [[...common, "--estimator", "posterior", "--prior", "0,1"], /--prior to be jeffreys, fitted or two numbers/],
  [[...common, "--estimator", "posterior", "--prior", "fitted"], /no --prior fitted without --from/],
  [[...relabelling, "--tolerance", "0.1"], /no --tolerance together with --from/],
  [[...relabelling, "--first-error"], /no --first-error together with --from/],
  [[...relabelling, "--keep-completions"], /no --keep-completions together with --from/],
] as const) {
  test(`refused with exit 2: ${args.slice(args[1] === "--from" ? 5 : 7).join(" ")}${args[1] === "--from" ? " with --from" : ""}`, async (t) => {
    const { code, stderr } = await run([...args]);
    t.is(code, 2, stderr);
    t.regex(stderr, message);
  });
}
