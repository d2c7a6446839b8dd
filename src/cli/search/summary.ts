/** The summary of a search run, from its counts and timings alone. */
import { wilson } from "../../statistics/wilson.js";
import { formatByteSize } from "../byte-size.js";
import { formatDuration } from "../progress.js";
import type { RunSummary } from "../summary.js";

const grouped = new Intl.NumberFormat("en-US");

function derived({ counts, timings }: RunSummary) {
  const { problems = 0, correct = 0, anyCorrect = 0, searchTokens = 0, recordsBefore = 0, sampledTokens = 0 } = counts;
  const { run = 0 } = timings;
  const accuracy = wilson(correct, problems);
  const found = wilson(anyCorrect, problems);
  const now = problems - recordsBefore;
  return {
    ...(accuracy && { accuracy }),
    ...(found && { anyCorrect: found }),
    ...(problems > 0 && { tokensPerProblem: searchTokens / problems }),
    ...(run > 0 && now > 0 && { problemsPerSecond: now / run, tokensPerSecond: sampledTokens / run }),
  };
}

/** The object that --json prints. */
export function searchSummaryJson(summary: RunSummary): string {
  return JSON.stringify({ ...summary, ...derived(summary) });
}

/** For people. */
export function searchSummaryText(summary: RunSummary): string {
  const { counts, timings, stage, out, alreadyComplete } = summary;
  const { accuracy, anyCorrect, tokensPerProblem, problemsPerSecond, tokensPerSecond } = derived(summary);
  const number = (name: string) => grouped.format(counts[name] ?? 0);
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const where = `${out === undefined ? "" : ` in ${out}`}${alreadyComplete ? " (complete already)" : ""}`;
  const lines: [string, string][] = [[stage, `${number("problems")} problems${where}`]];
  for (const [name, share] of [
    ["accuracy", accuracy],
    ["any correct", anyCorrect],
  ] as const) {
    if (share === undefined) continue;
    const of = `${grouped.format(share.successes)} of ${grouped.format(share.n)}`;
    lines.push([
      name,
      `${percent(share.value)} (${of}, 95 % interval ${percent(share.low)} to ${percent(share.high)})`,
    ]);
  }
  if (tokensPerProblem !== undefined) {
    const thrownAway = percent((counts.thrownAwayTokens ?? 0) / Math.max(1, counts.searchTokens ?? 0));
    lines.push([
      "tokens",
      `${tokensPerProblem.toFixed(0)} sampled a problem, ${thrownAway} of them behind the end of a step`,
    ]);
  }
  const ends = Object.entries(counts).filter(([name, times]) => name.startsWith("end ") && times > 0);
  const told = ends.map(([name, times]) => `${name.slice("end ".length)} ${grouped.format(times)}`);
  lines.push(["ended by", `${told.join(", ")}; ${number("withoutEnd")} answered by a prefix that had not ended`]);
  if (counts.unreadable) {
    const why = "too long for it, the step tag in the text, or no text: never kept";
    lines.push(["unreadable", `${number("unreadable")} completions that the reward model cannot score (${why})`]);
  }
  if (problemsPerSecond !== undefined && tokensPerSecond !== undefined) {
    const scoring =
      timings.scoring === undefined ? "" : `; the reward model had work for ${formatDuration(timings.scoring)}`;
    lines.push([
      "speed",
      `${formatDuration(timings.run ?? 0)}: ${problemsPerSecond.toFixed(2)} problems/s, ${tokensPerSecond.toFixed(0)} tokens/s${scoring}`,
    ]);
    lines.push([
      "computed",
      `${number("sampledTokens")} tokens sampled, ${number("promptTokensComputed")} of prefixes, ${number("scoredTokens")} scored`,
    ]);
  }
  if (counts.peakMemoryBytes) lines.push(["peak memory", formatByteSize(counts.peakMemoryBytes)]);
  return lines.map(([name, text]) => `${name.padEnd(14)}${text}\n`).join("");
}
