/** The summary of a run, from its counts and timings alone: a finished run is summarised without doing anything. */
import { wilson } from "../statistics/wilson.js";
import { formatByteSize } from "./byte-size.js";
import { formatDuration } from "./progress.js";

export interface RunSummary {
  stage: string;
  /** The run directory, where there is one. */
  out?: string;
  /** Nothing was done: an earlier call had finished the run. */
  alreadyComplete: boolean;
  counts: Record<string, number>;
  /** Seconds. */
  timings: Record<string, number>;
}

const grouped = new Intl.NumberFormat("en-US");

/** 0.3125 -> "31.3 %". */
function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Rates and shares that follow from the numbers; those without a basis are left out. */
export function derived({ counts, timings }: RunSummary) {
  const { run = 0, engine = 0 } = timings;
  const { rollouts = 0, sampledTokens = 0 } = counts;
  const graded = counts.labelled ?? counts.solutions ?? 0;
  const accuracy = wilson(counts.correct ?? 0, graded);
  const completions = wilson(counts.correctCompletions ?? 0, counts.gradedCompletions ?? 0);
  return {
    ...(accuracy && { accuracy }),
    ...(completions && { completionAccuracy: completions }),
    ...(run > 0 && rollouts > 0 && { rolloutsPerSecond: rollouts / run, tokensPerSecond: sampledTokens / run }),
    ...(run > 0 && engine > 0 && { shareOutsideEngine: Math.max(0, 1 - engine / run) }),
  };
}

/** The object that --json prints. */
export function summaryJson(summary: RunSummary): string {
  return JSON.stringify({ ...summary, ...derived(summary) });
}

/** For people. */
export function summaryText(summary: RunSummary): string {
  const { counts, timings, stage, out, alreadyComplete } = summary;
  const { accuracy, completionAccuracy, rolloutsPerSecond, tokensPerSecond, shareOutsideEngine } = derived(summary);
  const number = (name: string) => grouped.format(counts[name] ?? 0);
  const lines: [string, string][] = [];
  const what =
    counts.labelled === undefined ? `${number("solutions")} solutions` : `${number("labelled")} labelled solutions`;
  lines.push([
    stage,
    `${what} of ${number("problems")} problems${out === undefined ? "" : ` in ${out}`}${alreadyComplete ? " (complete already)" : ""}`,
  ]);
  const interval = (p: NonNullable<typeof accuracy>) =>
    `${percent(p.value)} correct (${grouped.format(p.successes)} of ${grouped.format(p.n)}, 95 % interval ${percent(p.low)} to ${percent(p.high)})`;
  if (accuracy) lines.push(["accuracy", interval(accuracy)]);
  if (counts.truncated !== undefined) {
    lines.push([
      "",
      `${number("withoutAnswer")} without an answer, ${number("truncated")} cut off by the length limit`,
    ]);
  }
  if (completionAccuracy) lines.push(["completions", interval(completionAccuracy)]);
  const means = Object.entries(counts).filter(([name]) => name.startsWith("mean "));
  if (means.length > 0) {
    const shown = means.map(([name, value]) => `${name.slice("mean ".length)} ${value.toFixed(3)}`);
    lines.push(["mean labels", `${shown.join(", ")} over ${number("completedSteps")} steps`]);
  }
  if (rolloutsPerSecond !== undefined && tokensPerSecond !== undefined) {
    const outside =
      shareOutsideEngine === undefined ? "" : `, ${percent(shareOutsideEngine)} of the time outside the engine`;
    lines.push([
      "speed",
      `${number("rollouts")} rollouts in ${formatDuration(timings.run ?? 0)}: ${rolloutsPerSecond.toFixed(2)} rollouts/s, ${tokensPerSecond.toFixed(0)} tokens/s${outside}`,
    ]);
  }
  if (rolloutsPerSecond !== undefined && counts.prefixTokens !== undefined) {
    // Of a queue nobody knows what all engines computed.
    const computed = counts.promptTokensComputed === undefined ? "" : `${number("promptTokensComputed")} computed; `;
    lines.push([
      "prompt tokens",
      `${computed}${number("prefixTokens")} if every prefix were computed alone, ${number("unsharedTokens")} if every completion were`,
    ]);
  }
  if (counts.requests !== undefined) {
    const { promptTokens, cost } = counts;
    const tokens =
      promptTokens === undefined
        ? ""
        : `, ${number("promptTokens")} prompt tokens (${number("cachedPromptTokens")} cached)`;
    const paid = cost === undefined ? "" : `, cost ${cost.toFixed(2)}`;
    lines.push(["requests", `${number("requests")}, ${number("retries")} of them repeated${tokens}${paid}`]);
  }
  if (counts.workers !== undefined) {
    lines.push([
      "workers",
      `${number("workers")} took part in ${number("units")} units, ${number("setAside")} set aside`,
    ]);
  }
  if (counts.peakMemoryBytes) lines.push(["peak memory", formatByteSize(counts.peakMemoryBytes)]);
  return lines.map(([name, text]) => `${name.padEnd(14)}${text}\n`).join("");
}
