/** The summary of a training, from its counts and timings alone. */
import { formatByteSize } from "../byte-size.js";
import { formatDuration } from "../progress.js";
import type { RunSummary } from "../summary.js";
import type { SummaryForm } from "../with-run.js";

const grouped = new Intl.NumberFormat("en-US");

/** The measures of step scores, by their names in counts and for people. */
export const shownMeasures = {
  brierScore: "Brier score",
  constantBrierScore: "of a constant",
  brierGain: "better by",
  areaUnderCurve: "area under curve",
  calibrationError: "calibration",
} as const;

function derived({ counts, timings }: RunSummary) {
  const { train = 0 } = timings;
  const { tokensTrained = 0 } = counts;
  return train > 0 && tokensTrained > 0 ? { tokensPerSecond: tokensTrained / train } : {};
}

/** What became of every held-out prefix, where that is the same. */
function outcomeOfAll(meanSuccessRate: number | undefined): "right" | "wrong" | undefined {
  return meanSuccessRate === 1 ? "right" : meanSuccessRate === 0 ? "wrong" : undefined;
}

function trainSummaryJson(summary: RunSummary): string {
  return JSON.stringify({ ...summary, ...derived(summary) });
}

function trainSummaryText(summary: RunSummary): string {
  const { counts, timings, stage, out, alreadyComplete } = summary;
  const number = (name: string) => grouped.format(counts[name] ?? 0);
  const fixed = (name: string, digits = 4) => counts[name]?.toFixed(digits);
  const stopped = counts.stoppedEarly ? `, the best of ${number("updatesMade")} (stopped early)` : "";
  const lines: [string, string][] = [
    [
      stage,
      `${number("updates")} updates${stopped}${out === undefined ? "" : ` in ${out}`}${alreadyComplete ? " (complete already)" : ""}`,
    ],
    [
      "trained on",
      `${number("examples")} solutions of ${number("problems")} problems, ${number("positions")} ${stage === "train policy" ? "tokens" : "steps"} in the loss`,
    ],
  ];
  if (counts.faulty || counts.leftOut) {
    lines.push(["left out", `${number("faulty")} unfit records, ${number("leftOut")} on purpose`]);
  }
  lines.push(["weights", `${number("trainedParameters")} of ${number("parameters")} trained`]);
  if (counts.loss !== undefined) lines.push(["loss", `${fixed("loss")} in the last updates`]);
  if (counts.heldOutLoss !== undefined) {
    const before = counts.heldOutLossBefore === undefined ? "" : `, ${fixed("heldOutLossBefore")} before training`;
    const what = `${number("heldOutExamples")} solutions of ${number("heldOutProblems")} problems`;
    lines.push(["held-out loss", `${fixed("heldOutLoss")}${before} (${what})`]);
  }
  const sameOutcome = counts.n === undefined ? undefined : outcomeOfAll(counts.meanSuccessRate);
  for (const [name, shown] of Object.entries(shownMeasures)) {
    if (counts[name] === undefined) {
      if (name === "areaUnderCurve" && sameOutcome) lines.push([shown, `no value: every prefix is ${sameOutcome}`]);
      continue;
    }
    const [low, high] = [fixed(`${name}Low`), fixed(`${name}High`)];
    const interval = low === undefined ? "" : `95 % interval ${low} to ${high}, `;
    const why =
      name === "constantBrierScore" && sameOutcome ? `: every prefix is ${sameOutcome}, as a constant says` : "";
    lines.push([shown, `${fixed(name)} (${interval}n = ${number("n")})${why}`]);
  }
  const { tokensPerSecond } = derived(summary);
  if (tokensPerSecond !== undefined) {
    lines.push([
      "speed",
      `${number("tokensTrained")} tokens in ${formatDuration(timings.train ?? 0)}, ${tokensPerSecond.toFixed(0)} tokens/s`,
    ]);
  }
  if (counts.peakMemoryBytes) lines.push(["peak memory", formatByteSize(counts.peakMemoryBytes)]);
  return lines.map(([name, text]) => `${name.padEnd(18)}${text}\n`).join("");
}

export const trainSummaryForm: SummaryForm = { text: trainSummaryText, json: trainSummaryJson };
