/**
 * Process reward models trained on the same labels towards each target, on problems of our own: what docs/results.md shows.
 * Every part is a run directory: the same command goes on after an interruption.
 *
 *   node scripts/compare-targets.mjs --out DIR [--model builtin:tiny] [--num-problems 400] [--num-solutions 4]
 *     [--num-completions 16] [--targets hard,soft,er:1,er:2,er:5] [--seeds 0,1,2] [-- options of erprm train prm]
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { erprm } from "./erprm.mjs";

const option = (fallback) => ({ type: "string", default: fallback });
const { values, positionals: trainOptions } = parseArgs({
  options: {
    out: { type: "string" },
    model: option("builtin:tiny"),
    "num-problems": option("400"),
    "num-solutions": option("4"),
    "num-completions": option("16"),
    "held-out": option("0.25"),
    targets: option("hard,soft,er:1,er:2,er:5"),
    seeds: option("0,1,2"),
  },
  allowPositionals: true,
});
if (!values.out) throw new Error("Expected --out to be given: a directory for the runs");

const interval = (counts, name, digits = 4) => {
  const [value, low, high] = [name, `${name}Low`, `${name}High`].map((key) => counts[key]?.toFixed(digits) ?? "none");
  return `${value} (${low} to ${high})`;
};

mkdirSync(values.out, { recursive: true });
const problems = join(values.out, "problems.jsonl");
if (!existsSync(problems)) {
  await erprm("problems", "--split", "train", "--num", values["num-problems"], "--seed", "7", "--out", problems);
}
const labels = join(values.out, "labels");
const sampling = ["--num-solutions", values["num-solutions"], "--num-completions", values["num-completions"]];
const limits = ["--max-tokens", "256", "--completion-max-tokens", "256"];
const input = ["--policy", values.model, "--problems", problems];
const labelled = await erprm("label", ...input, ...sampling, ...limits, "--out", labels);
const { counts } = labelled;
console.log(`${counts.labelled} solutions of ${counts.problems} problems, ${counts.gradedCompletions} completions\n`);

console.log(
  "| target | seed | held-out prefixes | Brier score | less than that of a constant by | area under the curve | calibration error |",
);
console.log("|---|---|---|---|---|---|---|");
const rows = [];
for (const target of values.targets.split(",")) {
  for (const seed of values.seeds.split(",")) {
    const out = join(values.out, `prm-${target.replace(":", "-")}-${seed}`);
    const data = ["--model", values.model, "--labels", join(labels, "labels.jsonl"), "--target", target];
    const rest = ["--seed", seed, "--held-out", values["held-out"], "--out", out];
    const summary = await erprm("train", "prm", ...data, ...rest, ...trainOptions);
    const measures = summary.counts;
    rows.push({ target, seed: Number(seed), ...measures });
    const cells = [
      target,
      seed,
      measures.n,
      interval(measures, "brierScore"),
      interval(measures, "brierGain"),
      interval(measures, "areaUnderCurve", 3),
      interval(measures, "calibrationError", 3),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}
console.log(JSON.stringify({ labels: counts, rows }));
