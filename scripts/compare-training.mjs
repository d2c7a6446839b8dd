/**
 * Trains reward models and scores the same solutions with them here and in transformers, which opens the directories that
 * training wrote: two candidate tokens and a value head, all weights trained and adapters alone. Adapters are opened twice,
 * merged and by the PEFT library on the base model. Of a trained policy the log-probabilities of the solutions are compared.
 * And the other way round: adapters that PEFT wrote are opened here, and must score as they do there.
 *
 *   node scripts/compare-training.mjs [MODEL] [--python python3] [--updates 30] [--step-tag TEXT] [--positive TEXT] [--negative TEXT]
 *
 * MODEL is a directory in Hugging Face layout; without one a small random model of bytes is written. Needs a built package, and a
 * Python with torch, transformers and peft. Exit code 1 when a token differs, a score by more than 1e-5, a log-probability by more than 1e-4
 * (they come from logits of 30 and more in f32; above 1: of itself), or an adapter has no effect. The last line is JSON.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Policy } from "../dist/src/policy/policy.js";
import { renderedPrompt, stepEncoder } from "../dist/src/reward/encode-steps.js";
import { RewardModel } from "../dist/src/reward/reward-model.js";
import { defaultStepRule } from "../dist/src/text/step-rule.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tolerances = { score: 1e-5, logProbability: 1e-4 };

const variants = [
  { name: "two-way", loss: "two-way", rank: 0 },
  { name: "binary", loss: "binary", rank: 0 },
  { name: "two-way, adapter", loss: "two-way", rank: 4 },
  { name: "squared, adapter", loss: "squared", rank: 4 },
  { name: "policy", rank: 0 },
  { name: "policy, adapter", rank: 4 },
  { name: "policy, adapter of PEFT", written: "policy" },
  { name: "policy, rank-stabilised adapter of PEFT", written: "rslora" },
  { name: "binary, adapter of PEFT with a value head", loss: "binary", written: "value-head" },
];

/** Worked sums; what is right about them is of no matter here. */
const solutions = Array.from({ length: 40 }, (_, i) => {
  const [a, b, c] = [3 + ((i * 7) % 40), 2 + ((i * 11) % 30), 2 + (i % 5)];
  const steps = [`${a} + ${b} = ${a + b}.\n`, `${a + b} * ${c} = ${(a + b) * c}.\n`, `So it is ${(a + b) * c}.`];
  return { question: `(${a} + ${b}) * ${c}?`, steps: steps.slice(i % 3 === 0 ? 1 : 0), answer: `${(a + b) * c}` };
});

function problemLine({ question, steps, answer }, index) {
  return `${JSON.stringify({ id: `sum-${index}`, question, answer, solution: steps.join("") })}\n`;
}

function labelLine({ question, steps, answer }, index) {
  const record = {
    problemId: `sum-${index}`,
    index: 0,
    question,
    answer,
    outcome: 1,
    steps: steps.map((text, t) => ({ text, numCompletions: 8, numCorrect: (index * 5 + t * 3) % 9 })),
    labels: {},
  };
  return `${JSON.stringify(record)}\n`;
}

function run(program, args, what) {
  // What commands print on standard output is no result of this one.
  const { status, error } = spawnSync(program, args, { stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`${what} failed: ${error?.message ?? `exit code ${status}`}`);
}

const promptTemplate = "Q: {question}\nA: ";

/** One update at a rate that moves no weight: what is saved is the adapter that was opened. */
const unmoved = ["--max-updates", "1", "--learning-rate", "1e-30"];

function train({ name, loss, rank }, { model, inputs, out, options, written }) {
  const moved = ["--lora-rank", String(rank), "--max-updates", options.updates, "--learning-rate", "0.003"];
  const texts = ["--step-tag", options["step-tag"]];
  if (loss === "two-way") texts.push("--positive", options.positive, "--negative", options.negative);
  const own = loss
    ? ["prm", "--labels", inputs.labels, "--target", "soft", "--loss", loss, ...texts]
    : ["policy", "--problems", inputs.problems];
  run(
    "node",
    [
      ...[join(root, "dist/src/cli/main.js"), "train", ...own, "--model", model, "--out", out, "--quiet"],
      ...(written ? ["--adapter", written, ...unmoved] : moved),
      ...["--epochs", "1000", "--tokens-per-update", "600", "--prompt-template", promptTemplate],
    ],
    `erprm train (${name})`,
  );
}

/** What the trained reward model scores, and from which tokens. */
async function scoreAll(directory) {
  const trained = await RewardModel.load(directory, { threads: 2 });
  try {
    const { convention } = trained.config;
    const scores = await trained.scoreSteps(solutions);
    const encoder = stepEncoder(trained.text, convention, defaultStepRule);
    return {
      kind: convention.kind,
      ...(convention.kind === "step-tag"
        ? { candidates: [convention.candidates.positive.tokenIds[0], convention.candidates.negative.tokenIds[0]] }
        : {}),
      tagLength: convention.tag.tokenIds.length,
      sequences: solutions.map((solution, i) => {
        const { tokenIds, positions } = encoder.encode(solution);
        const text = renderedPrompt(trained.text, solution.question, convention.prompt) + solution.steps.join("");
        return { text, tokenIds: [...tokenIds], positions: [...positions], numbers: scores[i] };
      }),
    };
  } finally {
    await trained.dispose();
  }
}

/** The log-probability of every token but the first under the trained policy. */
async function logProbabilitiesOfAll(directory) {
  const policy = await Policy.load(directory, { threads: 2 });
  try {
    const sequences = [];
    for (const { question, steps } of solutions) {
      const text = policy.text.renderPrompt({ question, template: promptTemplate }) + steps.join("");
      const tokenIds = policy.text.encodePrompt(text);
      const values = await policy.logProbabilities({ values: tokenIds, offsets: Int32Array.of(0, tokenIds.length) });
      sequences.push({ text, tokenIds: [...tokenIds], positions: [], numbers: [...values].slice(1) });
    }
    return { kind: "policy", tagLength: 0, sequences };
  } finally {
    await policy.dispose();
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
  const inputs = { labels: join(folder, "labels.jsonl"), problems: join(folder, "problems.jsonl") };
  writeFileSync(inputs.labels, solutions.map(labelLine).join(""));
  writeFileSync(inputs.problems, solutions.map(problemLine).join(""));
  const cases = [];
  for (const [index, variant] of variants.entries()) {
    const out = join(folder, `trained-${index}`);
    const written = variant.written && join(folder, `peft-${variant.written}`);
    const reference = [join(root, "scripts/compare-training.py"), "--write", variant.written, model, written];
    if (written) run(options.python, reference, "writing an adapter with PEFT");
    train(variant, { model, inputs, out, options, written });
    const compared = await (variant.loss ? scoreAll(out) : logProbabilitiesOfAll(out));
    const isAdapter = written || variant.rank > 0;
    const adapter = isAdapter ? { base: model, adapter: written ?? join(out, "adapter") } : {};
    cases.push({ name: variant.name, directory: out, ...adapter, ...compared });
  }
  const [input, output] = [join(folder, "cases.json"), join(folder, "reference.json")];
  writeFileSync(input, JSON.stringify(cases));
  run(options.python, [join(root, "scripts/compare-training.py"), input, output], "the reference");
  const reference = JSON.parse(readFileSync(output, "utf8"));
  for (const { name, opened, sameTokens, sequences, largestDifference, spread, effect } of reference.results) {
    const moved = effect === undefined ? "" : `; without the adapter they are up to ${effect.toFixed(3)} away`;
    process.stdout.write(
      `${name}, ${opened}: tokens of ${sameTokens} of ${sequences} solutions are the same; numbers from ${spread[0].toFixed(3)} to ` +
        `${spread[1].toFixed(3)} differ by at most ${largestDifference.toExponential(2)}${moved}\n`,
    );
  }
  process.stdout.write(`${JSON.stringify(reference)}\n`);
  const good = ({ name, sameTokens, sequences, largestDifference, effect = 1 }) => {
    const tolerance = name.startsWith("policy") ? tolerances.logProbability : tolerances.score;
    return sameTokens === sequences && largestDifference <= tolerance && effect > 10 * tolerance;
  };
  if (!reference.results.every(good)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
