/** What an evaluation is told as: its tables, or one line of JSON; both from evaluation.json. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { dataError } from "../../data/data-error.js";
import { ioError } from "../../data/io-error.js";
import type { Evaluation } from "../../evaluation/evaluation.js";
import { formatByteSize } from "../byte-size.js";
import { formatDuration } from "../progress.js";
import type { RunSummary } from "../summary.js";
import type { SummaryForm } from "../with-run.js";
import { evaluationTables, methodName } from "./table.js";

export const evaluationFile = "evaluation.json";
export const csvFile = "evaluation.csv";
export const reportFile = "report.html";

const grouped = new Intl.NumberFormat("en-US");

/** @throws ERPRM_NOT_FOUND, ERPRM_IO, ERPRM_INVALID_DATA: the file of a finished run was removed or changed */
export async function readEvaluation(runDirectory: string): Promise<Evaluation> {
  const path = join(runDirectory, evaluationFile);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw ioError(error, path, "read");
  }
  try {
    const evaluation = JSON.parse(text) as Evaluation;
    if (evaluation.version === 1) return evaluation;
  } catch {
    // Falls through: what does not parse is no evaluation either.
  }
  throw dataError("Expected an evaluation of version 1", { file: path, line: 1 });
}

/** For people. */
export function evaluationText({ counts, timings, stage, out, alreadyComplete }: RunSummary, evaluation: Evaluation) {
  const number = (name: string) => grouped.format(counts[name] ?? 0);
  const [fewest, most] = evaluation.solutionsPerProblem;
  const each = fewest === most ? `${most}` : `${fewest} to ${most}`;
  const lines: [string, string][] = [
    [
      stage,
      `${number("solutions")} solutions of ${number("problems")} problems (${each} each), reward models: ${number("models")}, in ${out}${alreadyComplete ? " (complete already)" : ""}`,
    ],
    ["outcomes", `${number("right")} right, ${number("withoutAnswer")} without an answer`],
  ];
  const { run = 0, evaluate = 0 } = timings;
  const scoring = run > 0 ? `${number("scoredTokens")} tokens scored in ${formatDuration(run)}, ` : "";
  lines.push(["speed", `${scoring}evaluated in ${formatDuration(evaluate)}`]);
  lines.push(["report", join(out ?? "", reportFile)]);
  lines.push(["all figures", `${join(out ?? "", evaluationFile)}, ${csvFile}`]);
  if (counts.peakMemoryBytes) lines.push(["peak memory", formatByteSize(counts.peakMemoryBytes)]);
  const head = lines.map(([name, text]) => `${name.padEnd(14)}${text}\n`).join("");
  return evaluationTables(evaluation) + head;
}

/** The object that --json prints: the run, and of the evaluation what stands at the largest N. */
export function evaluationJson(summary: RunSummary, evaluation: Evaluation) {
  const largest = evaluation.numCandidates.at(-1) ?? 1;
  const accuracy = Object.fromEntries(
    evaluation.methods.flatMap(({ method, points }) => {
      const point = points.find(({ numCandidates }) => numCandidates === largest);
      return point ? [[methodName(method), point.accuracy] as const] : [];
    }),
  );
  const comparisons = evaluation.comparisons.map(({ first, second, ...rest }) => ({
    first: methodName(first),
    second: methodName(second),
    ...rest,
  }));
  const calibration = evaluation.calibration.map(({ bins, ...rest }) => rest);
  const { firstErrors } = evaluation;
  return JSON.stringify({ ...summary, numCandidates: largest, accuracy, comparisons, calibration, firstErrors });
}

export function evaluationForm(out: string): SummaryForm {
  return {
    text: async (summary) => evaluationText(summary, await readEvaluation(out)),
    json: async (summary) => evaluationJson(summary, await readEvaluation(out)),
  };
}
