/** A unit of a label run, done as the stages do it on one machine. */
import { Fields } from "../../data/fields.js";
import { parseSolution } from "../../data/read-solutions.js";
import type { WorkDone } from "../../queue/unit-tries.js";
import { labelStageWithCompletions } from "../../stages/label.js";
import type { OutcomeGrader } from "../../stages/outcomes.js";
import { rolloutStage } from "../../stages/rollout.js";
import { newCounts } from "../../stages/stage-counts.js";
import { parseStepRule } from "../../text/step-rule.js";
import type { CompletionRecord, LabelRecord, Problem, Solution } from "../../types.js";
import type { LabelSettings } from "../queue/label-settings.js";
import type { UnitLoad } from "./engine-load.js";

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

/** Steps with completions that a solution is taken to have until it is known. */
const guessedPrefixes = 7;

/**
 * For `EngineLoad`: what a unit takes, as long as none is done, and how much work keeps an engine of so many slots busy. All
 * slots run and as much waits; a problem's solutions are sampled before their prefixes are, and until then others fill the
 * slots twice.
 */
export function unitWork(
  { unit, numSolutions, allocation }: LabelSettings,
  slots: number,
): { expected: number; wanted: number } {
  const first = "numCompletions" in allocation ? allocation.numCompletions : allocation.minCompletions;
  const ofSolution = first * guessedPrefixes;
  return unit === "problem"
    ? { expected: numSolutions * (1 + ofSolution), wanted: 4 * slots }
    : { expected: ofSolution, wanted: 2 * slots };
}

/** @throws as `rolloutStage` and `labelStage` */
export async function labelUnit(
  payload: unknown,
  {
    load: { policy, allAsked },
    grader,
    settings,
    signal,
  }: { load: UnitLoad; grader: OutcomeGrader; settings: LabelSettings; signal: AbortSignal },
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
  // Pulled once more, the last solution is under way; only a fixed number of completions is asked for in one round.
  function* withoutMore() {
    yield* solutions;
    if (allocation.kind === "fixed") allAsked();
  }
  for await (const labelled of labelStageWithCompletions(withoutMore(), options)) {
    labels.push(labelled.record);
    if (keepCompletions) completions.push(...labelled.completions);
  }
  const sampled = settings.unit === "problem" ? { solutions } : {};
  return { records: { ...sampled, labels, ...(keepCompletions && { completions }) }, counts: { ...counts } };
}
