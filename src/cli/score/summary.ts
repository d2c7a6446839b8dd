/** The summary of a score run, from its counts and timings alone. */
import { aggregates } from "../../data/selection.js";
import type { Aggregate } from "../../types.js";
import { formatByteSize } from "../byte-size.js";
import { formatDuration } from "../progress.js";
import type { RunSummary } from "../summary.js";

/** How one aggregate of the step scores tells right solutions from wrong ones. */
export interface AggregateSummary {
  /** Mean over the right and over the wrong solutions. */
  meanRight?: number;
  meanWrong?: number;
  /** Area under the curve: the share of pairs of a right and a wrong solution in which the right one scores higher. */
  area?: number;
  /** Solutions with an outcome. */
  n: number;
}

const grouped = new Intl.NumberFormat("en-US");

function derived({ counts, timings }: RunSummary) {
  const { run = 0 } = timings;
  const { scored = 0, recordsBefore = 0, scoredTokens = 0, right = 0, wrong = 0 } = counts;
  const byAggregate: Partial<Record<Aggregate, AggregateSummary>> = {};
  for (const how of aggregates) {
    const [meanRight, meanWrong, area] = [counts[`${how} right`], counts[`${how} wrong`], counts[`${how} area`]];
    if (meanRight === undefined && meanWrong === undefined) continue;
    byAggregate[how] = {
      n: right + wrong,
      ...(meanRight !== undefined && { meanRight }),
      ...(meanWrong !== undefined && { meanWrong }),
      ...(area !== undefined && { area }),
    };
  }
  const now = scored - recordsBefore;
  return {
    ...(Object.keys(byAggregate).length > 0 && { byAggregate }),
    ...(run > 0 && now > 0 && { solutionsPerSecond: now / run, tokensPerSecond: scoredTokens / run }),
  };
}

/** The object that --json prints. */
export function scoreSummaryJson(summary: RunSummary): string {
  return JSON.stringify({ ...summary, ...derived(summary) });
}

/** For people. */
export function scoreSummaryText(summary: RunSummary): string {
  const { counts, timings, stage, out, alreadyComplete } = summary;
  const { byAggregate = {}, solutionsPerSecond, tokensPerSecond } = derived(summary);
  const number = (name: string) => grouped.format(counts[name] ?? 0);
  const lines: [string, string][] = [
    [
      stage,
      `${number("scored")} solutions of ${number("problems")} problems, ${number("steps")} steps${out === undefined ? "" : ` in ${out}`}${alreadyComplete ? " (complete already)" : ""}`,
    ],
  ];
  if (counts.leftOut) lines.push(["left out", `${number("leftOut")} solutions that cannot be scored`]);
  if (counts.right === undefined) lines.push(["outcomes", "none in the file: nothing to hold the scores against"]);
  else lines.push(["outcomes", `${number("right")} right, ${number("wrong")} wrong`]);
  for (const [how, { meanRight, meanWrong, area, n }] of Object.entries(byAggregate)) {
    const means = [
      meanRight !== undefined && `right ${meanRight.toFixed(3)}`,
      meanWrong !== undefined && `wrong ${meanWrong.toFixed(3)}`,
    ];
    const auc = area === undefined ? "" : `, area under the curve ${area.toFixed(3)} (n = ${grouped.format(n)})`;
    lines.push([how, `mean ${means.filter(Boolean).join(", ")}${auc}`]);
  }
  if (solutionsPerSecond !== undefined && tokensPerSecond !== undefined) {
    lines.push([
      "speed",
      `${number("scoredTokens")} tokens in ${formatDuration(timings.run ?? 0)}: ${solutionsPerSecond.toFixed(2)} solutions/s, ${tokensPerSecond.toFixed(0)} tokens/s`,
    ]);
  }
  if (counts.peakMemoryBytes) lines.push(["peak memory", formatByteSize(counts.peakMemoryBytes)]);
  return lines.map(([name, text]) => `${name.padEnd(14)}${text}\n`).join("");
}
