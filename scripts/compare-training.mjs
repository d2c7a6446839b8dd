/**
 * Trains reward models and scores the same solutions with them here and in transformers, which opens the directories that
 * training wrote: two candidate tokens and a value head, all weights trained and adapters alone. Adapters are opened twice,
 * merged and by the PEFT library on the base model.
 *
 *   node scripts/compare-training.mjs [MODEL] [--python python3] [--updates 30] [--step-tag TEXT] [--positive TEXT] [--negative TEXT]
 *
 * MODEL is a directory in Hugging Face layout; without one a small random model of bytes is written. Needs a built package, and a
 * Python with torch, transformers and peft. Exit code 1 when a token differs, a score by more than 1e-5, or an adapter has no effect. The last line is JSON.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { renderedPrompt, stepEncoder } from "../dist/src/reward/encode-steps.js";
import { RewardModel } from "../dist/src/reward/reward-model.js";
import { defaultStepRule } from "../dist/src/text/step-rule.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tolerance = 1e-5;

const variants = [
  { name: "two-way", loss: "two-way", rank: 0 },
  { name: "binary", loss: "binary", rank: 0 },
  { name: "two-way, adapter", loss: "two-way", rank: 4 },
  { name: "squared, adapter", loss: "squared", rank: 4 },
];

/** Worked sums; what is right about them is of no matter here. */
const solutions = Array.from({ length: 40 }, (_, i) => {
  const [a, b, c] = [3 + ((i * 7) % 40), 2 + ((i * 11) % 30), 2 + (i % 5)];
  const steps = [`${a} + ${b} = ${a + b}.\n`, `${a + b} * ${c} = ${(a + b) * c}.\n`, `So it is ${(a + b) * c}.`];
  return { question: `(${a} + ${b}) * ${c}?`, steps: steps.slice(i % 3 === 0 ? 1 : 0), answer: `${(a + b) * c}` };
});

function labelLine({ question, steps, answer }, index) {
  return JSON.stringify({
    problemId: `sum-${index}`,
    index: 0,
    question,
    answer,
    outcome: 1,
    steps: steps.map((text, t) => ({ text, numCompletions: 8, numCorrect: (index * 5 + t * 3) % 9 })),
    labels: {},
  });
}

function run(program, args, what) {
  // What commands print on standard output is no result of this one.
  const { status, error } = spawnSync(program, args, { stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`${what} failed: ${error?.message ?? `exit code ${status}`}`);
}

/** Trains one model; what it scores, and from which tokens. */
async function trainAndScore({ name, loss, rank }, { model, labels, folder, index, options }) {
  const out = join(folder, `trained-${index}`);
  const candidates = loss === "two-way" ? ["--positive", options.positive, "--negative", options.negative] : [];
  run(
    "node",
    [
      ...[join(root, "dist/src/cli/main.js"), "train", "prm", "--model", model, "--labels", labels, "--out", out],
      ...["--loss", loss, "--lora-rank", String(rank), "--max-updates", options.updates, "--epochs", "1000"],
      ...[
        "--target",
        "soft",
        "--tokens-per-update",
        "600",
        "--learning-rate",
        "0.003",
        "--prompt-template",
        "Q: {question}\nA: ",
        "--quiet",
      ],
      ...["--step-tag", options["step-tag"], ...candidates],
    ],
    `erprm train prm (${name})`,
  );
  const trained = await RewardModel.load(out, { threads: 2 });
  try {
    const { convention } = trained.config;
    const scores = await trained.scoreSteps(solutions);
    const encoder = stepEncoder(trained.text, convention, defaultStepRule);
    return {
      name,
      directory: out,
      ...(rank > 0 ? { base: model, adapter: join(out, "adapter") } : {}),
      ...(convention.kind === "step-tag"
        ? { candidates: [convention.candidates.positive.tokenIds[0], convention.candidates.negative.tokenIds[0]] }
        : {}),
      tagLength: convention.tag.tokenIds.length,
      sequences: solutions.map((solution, i) => {
        const { tokenIds, positions } = encoder.encode(solution);
        const text = renderedPrompt(trained.text, solution.question, convention.prompt) + solution.steps.join("");
        return { text, tokenIds: [...tokenIds], positions: [...positions], scores: scores[i] };
      }),
    };
  } finally {
    await trained.dispose();
  }
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: "string", default: "python3" },
    updates: { type: "string", default: "30" },
    "step-tag": { type: "string", default: "*" },
    positive: { type: "string", default: "+" },
    negative: { type: "string", default: "-" },
  },
});
if (positionals.length > 1) {
  process.stderr.write("Usage: node scripts/compare-training.mjs [MODEL] [--python PYTHON] [--updates N]\n");
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "erprm-compare-"));
try {
  let [model] = positionals;
  if (!model) {
    model = join(folder, "base");
    mkdirSync(model);
    run("node", [join(root, "dist/test/support/write-parity-model.js"), "llama", "1", model], "writing a random model");
  }
  const labels = join(folder, "labels.jsonl");
  writeFileSync(labels, solutions.map((solution, index) => `${labelLine(solution, index)}\n`).join(""));
  const cases = [];
  for (const [index, variant] of variants.entries()) {
    cases.push(await trainAndScore(variant, { model, labels, folder, index, options }));
  }
  const [input, output] = [join(folder, "cases.json"), join(folder, "reference.json")];
  writeFileSync(input, JSON.stringify(cases));
  run(options.python, [join(root, "scripts/compare-training.py"), input, output], "the reference");
  const reference = JSON.parse(readFileSync(output, "utf8"));
  for (const { name, opened, sameTokens, sequences, largestDifference, spread, effect } of reference.results) {
    const moved = effect === undefined ? "" : `; without the adapter they are up to ${effect.toFixed(3)} away`;
    process.stdout.write(
      `${name}, ${opened}: tokens of ${sameTokens} of ${sequences} solutions are the same; scores from ${spread[0].toFixed(3)} to ` +
        `${spread[1].toFixed(3)} differ by at most ${largestDifference.toExponential(2)}${moved}\n`,
    );
  }
  process.stdout.write(`${JSON.stringify(reference)}\n`);
  // A NaN is no small difference.
  const good = ({ sameTokens, sequences, largestDifference, effect = 1 }) =>
    sameTokens === sequences && largestDifference <= tolerance && effect > 100 * tolerance;
  if (!reference.results.every(good)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
