/**
 * The study of docs/results.md: does the entropy-regularized label beat the hard and the soft one, for best-of-N and for
 * fine-tuning by rejection sampling? On problems of our own with the built-in policy, several seeds. Hours on two cores; a study
 * that was interrupted goes on where it was.
 *
 *   node scripts/reproduce.mjs --out DIR [--model builtin:tiny] [--num-problems 6000] [--num-test-problems 300]
 *     [--targets hard,soft,er:0.5,er:1,er:2,er:5,er:10,orm] [--seeds 0,1,2,3,4] [--parts best-of-n,finetune]
 *
 * Results and tables of each part are in DIR/results, in files of their own for other settings, and the tables on standard output.
 * `--parts none` samples, trains and scores alone.
 */
import { parseArgs } from "node:util";
import { parts, writeResults } from "./reproduce/results.mjs";
import { setUp } from "./setup.mjs";
import { runScript, SetupError } from "./setup-error.mjs";

const option = (fallback) => ({ type: "string", default: String(fallback) });
const { values } = parseArgs({
  options: {
    out: { type: "string" },
    model: option("builtin:tiny"),
    difficulty: option("small-numbers"),
    temperature: option(1.3),
    "min-p": option(0.02),
    "learning-rate": option(0.002),
    epochs: option(2),
    "tokens-per-update": option(2048),
    "num-problems": option(6000),
    "num-test-problems": option(300),
    "num-solutions": option(4),
    "num-completions": option(8),
    "num-candidates": option(64),
    "compared-at": option("4,64"),
    targets: option("hard,soft,er:0.5,er:1,er:2,er:5,er:10,orm"),
    aggregates: option("min,last,mean,product"),
    seeds: option("0,1,2,3,4"),
    selections: option("hard,soft,er:1,er:5,orm,correct"),
    "num-finetune": option(1000),
    "num-held-out": option(1000),
    "num-finetune-solutions": option(8),
    "finetune-temperature": option(0.7),
    "num-rounds": option(2),
    parts: option("best-of-n,finetune"),
  },
});

const list = (text) => text.split(",");
const settings = {
  model: values.model,
  difficulty: values.difficulty,
  temperature: Number(values.temperature),
  minP: Number(values["min-p"]),
  learningRate: Number(values["learning-rate"]),
  epochs: Number(values.epochs),
  tokensPerUpdate: Number(values["tokens-per-update"]),
  numProblems: Number(values["num-problems"]),
  numTestProblems: Number(values["num-test-problems"]),
  numSolutions: Number(values["num-solutions"]),
  numCompletions: Number(values["num-completions"]),
  numCandidates: Number(values["num-candidates"]),
  comparedAt: list(values["compared-at"]).map(Number),
  targets: list(values.targets),
  aggregates: list(values.aggregates),
  seeds: list(values.seeds).map(Number),
  selections: list(values.selections),
  numFinetune: Number(values["num-finetune"]),
  numHeldOut: Number(values["num-held-out"]),
  numFinetuneSolutions: Number(values["num-finetune-solutions"]),
  finetuneTemperature: Number(values["finetune-temperature"]),
  numRounds: Number(values["num-rounds"]),
};

async function study(out, wanted) {
  // Loaded after the set-up, which compiles what they import.
  const { sample, trainAndScore, finetune } = await import("./reproduce/study.mjs");
  const { bestOfN, bestOfNTables } = await import("./reproduce/best-of-n.mjs");
  const { finetunings, finetuningTables } = await import("./reproduce/finetunings.mjs");
  const keep = (part, results, tables) => {
    const path = writeResults(out, part, { settings, results, tables });
    console.log(`${tables}\n`);
    console.error(`${part}: ${path}`);
  };
  await sample(out, settings);
  await trainAndScore(out, settings);
  if (wanted.includes("best-of-n")) {
    const results = await bestOfN(out, settings);
    keep("best-of-n", results, bestOfNTables(results));
  }
  if (wanted.includes("finetune")) {
    await finetune(out, settings);
    const results = await finetunings(out, settings);
    keep("finetune", results, finetuningTables(results));
  }
}

await runScript(async () => {
  if (!values.out) throw new SetupError("Expected --out to be given: a directory for the runs");
  const wanted = list(values.parts).filter((part) => part !== "none");
  const unknown = wanted.find((part) => !parts.includes(part));
  if (unknown) throw new SetupError(`Expected --parts to be some of ${parts.join(", ")} or none, received ${unknown}`);
  await setUp();
  await study(values.out, wanted);
  return 0;
});
