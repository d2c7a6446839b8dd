/** Whole commands on the accelerator, in f32: what the CPU writes, but for the last digits of its numbers. */
import { join } from "node:path";
import test from "ava";
import { accelerator } from "../support/accelerator.js";
import { makeFolder } from "../support/folder.js";
import { near, recordsOf } from "../support/near.js";
import { runCli } from "../support/run-cli.js";
import { writeScoringModel } from "../support/tiny-reward-model.js";
import { byteClassification, loadTinyRewardModel, tinySolutions, writeTinyConfig } from "../support/tiny-scoring.js";

const problems = [
  { id: "pens", question: "Tom has 3 pens and buys 4 more. How many pens has he?", answer: "7" },
  { id: "sum", question: "What is 5 plus 6?", answer: "11" },
];

const exact = ["--device", accelerator, "--dtype", "f32"];

test("rollout and label of the built-in model on the accelerator: the CPU's tokens, and its labels", async (t) => {
  const lines = problems.map((problem) => JSON.stringify(problem)).join("\n");
  const folder = makeFolder(t, { "problems.jsonl": lines });
  const input = ["--policy", "builtin:tiny", "--problems", join(folder, "problems.jsonl"), "--quiet"];
  const lengths = ["--num-solutions", "2", "--max-tokens", "24"];
  const completions = ["--num-completions", "2", "--completion-max-tokens", "12"];
  for (const [command, file, options, device] of [
    ["rollout", "solutions.jsonl", lengths, exact],
    ["label", "labels.jsonl", ["--limit", "1", ...lengths, ...completions], [...exact, "--batch-size", "3"]],
  ] as const) {
    const written: Record<string, unknown>[][] = [];
    for (const more of [[], device]) {
      const out = join(folder, `${command}-${written.length}`);
      const { code, stderr } = await runCli([command, ...input, ...options, ...more, "--out", out]);
      t.is(code, 0, stderr);
      written.push(recordsOf(join(out, file)));
    }
    const [cpu = [], other = []] = written;
    t.is(cpu.length, command === "rollout" ? 4 : 2);
    t.true(near(other, cpu), command);
  }
});

test("score on the accelerator: the CPU's scores to 1e-3, those of bf16 beside them", async (t) => {
  const directory = await writeScoringModel(t, "llama-token-classification");
  await writeTinyConfig(directory, { convention: byteClassification });
  const solutions = tinySolutions.slice(0, 6);
  const scoresOf = async (options: { device?: string; dtype?: "f32" | "bf16" }) =>
    (await loadTinyRewardModel(t, directory, options)).scoreSteps(solutions);
  const cpu = await scoresOf({});
  t.true(near(await scoresOf({ device: accelerator, dtype: "f32" }), cpu));
  const rounded = await scoresOf({ device: accelerator });
  t.notDeepEqual(rounded, cpu);
  t.true(rounded.flat().every((score, i) => Math.abs(score - (cpu.flat()[i] as number)) < 0.2));
});

test("a run on another device, or with weights held otherwise, is another run", async (t) => {
  const folder = makeFolder(t, { "problems.jsonl": JSON.stringify(problems[1]) });
  const args = [
    "rollout",
    "--policy",
    "builtin:tiny",
    "--problems",
    join(folder, "problems.jsonl"),
    "--out",
    join(folder, "run"),
  ];
  const short = ["--num-solutions", "1", "--max-tokens", "3", "--quiet"];
  t.is((await runCli([...args, ...short, ...exact])).code, 0);
  const again = await runCli([...args, ...short, "--device", accelerator]);
  t.is(again.code, 4, again.stderr);
  t.regex(again.stderr, /dtype/);
  const int8 = await runCli([...args, ...short, "--device", accelerator, "--dtype", "int8", "--force"]);
  t.is(int8.code, 2);
  t.regex(int8.stderr, new RegExp(`f32 or bf16 on ${accelerator}`));
});
