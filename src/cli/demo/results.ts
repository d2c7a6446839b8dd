/** What the demo came to: a labelled solution to look at, and the figures of its last line. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readLabels } from "../../data/read-solutions.js";
import type { Evaluation } from "../../evaluation/evaluation.js";
import type { Finetuning } from "../../evaluation/finetuning.js";
import type { Estimate } from "../../statistics/bootstrap.js";
import type { LabelRecord } from "../../types.js";
import { labelTable, type TableStyle } from "../label/table.js";

const explanation = `A row is a step: how many of its completions reach the right answer, and the labels that follow from that count: hard (any), soft
(the mean) and er:ETA (log-mean-exp, between the two), ± one standard error. A label that drops marks the step where it went wrong.
`;

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, "utf8")) as T;
}

/** The first wrong solution that was on its way to the answer at first, so that its labels drop; else the first one of all. */
async function exampleOf(labels: string): Promise<LabelRecord | undefined> {
  let first: LabelRecord | undefined;
  for await (const record of readLabels(labels)) {
    first ??= record;
    const [step] = record.steps;
    const begunWell = step !== undefined && step.numCorrect >= step.numCompletions / 2;
    if (record.outcome === 0 && begunWell && record.steps.length > 2) return record;
  }
  return first;
}

/** @param labels the file */
export async function labelledExample(labels: string, style: TableStyle): Promise<string> {
  const record = await exampleOf(labels);
  if (!record) return "";
  const verdict = record.outcome === 1 ? "right" : `wrong, the answer is ${record.answer}`;
  return `${record.question}\n\nA solution (${verdict}):\n${labelTable(record, style)}\n${explanation}`;
}

export interface DemoFigures {
  numProblems: number;
  /** Accuracy on the test problems of each way to choose among all candidates, by `rule` or `rule model`. */
  accuracy: Record<string, Estimate>;
  /** Greedy accuracy on the test problems before and after the round of fine-tuning. */
  finetuned: { before: Estimate; after: Estimate | null };
}

/** @param out the demo's directory */
export async function demoFigures(out: string): Promise<DemoFigures> {
  const evaluation = await readJson<Evaluation>(join(out, "evaluation", "evaluation.json"));
  const { start, rounds } = await readJson<Finetuning>(join(out, "finetune", "finetune.json"));
  const accuracy = Object.fromEntries(
    evaluation.methods.map(({ method: { rule, model }, points }) => {
      const estimate = points[points.length - 1]?.accuracy ?? { value: null, low: null, high: null };
      return [model === undefined ? rule : `${rule} ${model}`, estimate];
    }),
  );
  const after = rounds[rounds.length - 1]?.policy.accuracy ?? null;
  return { numProblems: evaluation.numProblems, accuracy, finetuned: { before: start.accuracy, after } };
}
