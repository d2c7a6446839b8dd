/** A unit of a label run, done as the stages do it on one machine. */

import { Fields } from "../../data/fields.js";
import { parseSolution } from "../../data/read-solutions.js";
import type { RolloutPolicy } from "../../policy/rollout-policy.js";
import type { WorkDone } from "../../queue/worker.js";
import { labelStageWithCompletions } from "../../stages/label.js";
import type { OutcomeGrader } from "../../stages/outcomes.js";
import { rolloutStage } from "../../stages/rollout.js";
import { newCounts } from "../../stages/stage-counts.js";
import { parseStepRule } from "../../text/step-rule.js";
import type { CompletionRecord, LabelRecord, Problem, Solution } from "../../types.js";
import type { LabelSettings } from "../queue/label-settings.js";

const place = { file: "the queue", line: 1 };

function problemOf(payload: unknown): Problem {
  const fields = new Fields(payload, place);
  return { id: fields.text("id"), question: fields.text("question"), answer: fields.text("answer") };
}

/** For people. @throws ERPRM_INVALID_DATA */
export function unitName({ unit }: LabelSettings, payload: unknown): string {
  if (unit === "problem") return `problem ${JSON.stringify(problemOf(payload).id)}`;
  const { problemId, index } = parseSolution(payload, place);
  return `problem ${JSON.stringify(problemId)} solution ${index}`;
}

/**
 * Units that keep an engine busy: it should have twice as many completions to do as it has slots. A problem begins with
 * a completion for each of its solutions, a solution with those of its prefixes, of which it has some.
 */
export function unitsInFlight({ unit, numSolutions, allocation }: LabelSettings, slots: number): number {
  const first = "numCompletions" in allocation ? allocation.numCompletions : allocation.minCompletions;
  const weight = unit === "problem" ? numSolutions : 3 * first;
  return Math.min(1024, Math.ceil((2 * slots) / weight) + 1);
}

/** @throws as `rolloutStage` and `labelStage` */
export async function labelUnit(
  payload: unknown,
  {
    policy,
    grader,
    settings,
    signal,
  }: { policy: RolloutPolicy; grader: OutcomeGrader; settings: LabelSettings; signal: AbortSignal },
): Promise<WorkDone> {
  const { prompt, seed, numSolutions, allocation, estimator, etas, keepCompletions } = settings;
  const counts = newCounts();
  const common = { policy, grader, counts, prompt, seed, split: parseStepRule(settings.split), signal };
  const solutions: Solution[] = [];
  if (settings.unit === "solution") solutions.push(parseSolution(payload, place));
  else {
    const rollouts = rolloutStage([problemOf(payload)], { ...common, numSolutions, sampling: settings.sampling });
    for await (const solution of rollouts) solutions.push(solution);
  }
  const labels: LabelRecord[] = [];
  const completions: CompletionRecord[] = [];
  const options = { ...common, allocation, estimator, etas, sampling: settings.completions };
  for await (const labelled of labelStageWithCompletions(solutions, options)) {
    labels.push(labelled.record);
    if (keepCompletions) completions.push(...labelled.completions);
  }
  const sampled = settings.unit === "problem" ? { solutions } : {};
  return { records: { ...sampled, labels, ...(keepCompletions && { completions }) }, counts: { ...counts } };
}
