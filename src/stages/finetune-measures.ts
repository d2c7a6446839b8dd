/** The measures of a fine-tuning, from its records alone. */
import type { Estimate } from "../evaluation/evaluation.js";
import type { PolicyMeasures, RoundMeasures } from "../evaluation/finetuning.js";
import { bootstrap } from "../statistics/bootstrap.js";
import { shareBounds, widened } from "../statistics/share-interval.js";
import { wilson } from "../statistics/wilson.js";
import type { Solution } from "../types.js";
import { distinctAnswers, distinctNgrams } from "./finetune-diversity.js";
import { isEmpty } from "./finetune-selection.js";

/** Of every interval. */
export const finetuningLevel = 0.95;

export interface IntervalSettings {
  seed: number;
  signal?: AbortSignal | undefined;
}

/** One line of divergence.jsonl: a solution that the policy sampled, in the eyes of both policies. */
export interface DivergenceRecord {
  problemId: string;
  index: number;
  numTokens: number;
  /** ln p of the solution's tokens at temperature 1, nats: by the policy that sampled it, and by the starting policy. */
  logProbability: number;
  startLogProbability: number;
}

const unknown: Estimate = { value: null, low: null, high: null };

/** sum_i times_i a_i / sum_i times_i b_i over the problems, with the bootstrap's interval. */
async function ratioEstimate(
  above: readonly number[],
  below: readonly number[],
  { seed, signal }: IntervalSettings,
): Promise<Estimate> {
  const ratio = (times: Float64Array) => {
    let [a, b] = [0, 0];
    for (const [i, count] of times.entries()) {
      a += count * (above[i] as number);
      b += count * (below[i] as number);
    }
    return [a / b];
  };
  const [estimate] = await bootstrap(above.length, ratio, { seed, level: finetuningLevel, signal });
  return estimate ?? unknown;
}

/**
 * KL(policy || start) in nats a token: see `PolicyMeasures.divergence`.
 * @throws ERPRM_ABORTED
 */
export async function divergenceOf(
  records: readonly DivergenceRecord[],
  settings: IntervalSettings,
): Promise<Estimate> {
  const byProblem = new Map<string, { nats: number; tokens: number }>();
  for (const { problemId, numTokens, logProbability, startLogProbability } of records) {
    const sums = byProblem.get(problemId) ?? { nats: 0, tokens: 0 };
    byProblem.set(problemId, sums);
    sums.nats += logProbability - startLogProbability;
    sums.tokens += numTokens;
  }
  const sums = [...byProblem.values()];
  return ratioEstimate(
    sums.map(({ nats }) => nats),
    sums.map(({ tokens }) => tokens),
    settings,
  );
}

const mean = (values: readonly number[]) =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

const lengthOf = ({ tokenIds }: Solution) => tokenIds?.length ?? 0;

/** From greedy solutions, one a problem. */
export function policyMeasures(greedy: readonly Solution[], divergence: Estimate): PolicyMeasures {
  const accuracy = wilson(greedy.filter(({ outcome }) => outcome === 1).length, greedy.length);
  return {
    n: greedy.length,
    accuracy: accuracy ? { value: accuracy.value, low: accuracy.low, high: accuracy.high } : unknown,
    meanTokens: mean(greedy.map(lengthOf)) ?? 0,
    meanSteps: mean(greedy.map(({ steps }) => steps.length)) ?? 0,
    numCutOff: greedy.filter(({ finishReason }) => finishReason === "length").length,
    divergence,
  };
}

/** Of a policy that is the start itself. */
export const noDivergence: Estimate = { value: 0, low: 0, high: 0 };

/** Gathers a round's measures, one problem after another. */
export class RoundTally {
  /** Right solutions, and all, of each problem. */
  readonly #right: number[] = [];
  readonly #sizes: number[] = [];
  readonly #answers: number[] = [];
  readonly #ngrams: number[] = [];
  readonly #sums = {
    ...{ tokens: 0, cutOff: 0, empty: 0, unscorable: 0, scored: 0, scores: 0 },
    ...{ used: 0, selected: 0, selectedRight: 0, selectedScores: 0 },
  };

  /** All solutions of one problem with the scores of those that have one, and the indices of the selected ones. */
  add(
    solutions: readonly Solution[],
    scores: readonly (number | undefined)[],
    selected: readonly number[],
    isScored: boolean,
  ): void {
    const sums = this.#sums;
    this.#right.push(solutions.filter(({ outcome }) => outcome === 1).length);
    this.#sizes.push(solutions.length);
    const answers = distinctAnswers(solutions);
    this.#answers.push(answers.distinct / answers.total);
    const ngrams = distinctNgrams(solutions.map(({ tokenIds }) => tokenIds ?? []));
    if (ngrams.total > 0) this.#ngrams.push(ngrams.distinct / ngrams.total);
    for (const [i, solution] of solutions.entries()) {
      sums.tokens += lengthOf(solution);
      const score = scores[i];
      if (solution.finishReason === "length") sums.cutOff += 1;
      else if (isEmpty(solution)) sums.empty += 1;
      else if (isScored && score === undefined) sums.unscorable += 1;
      if (score === undefined) continue;
      sums.scored += 1;
      sums.scores += score;
    }
    sums.used += Number(selected.length > 0);
    for (const i of selected) {
      sums.selected += 1;
      sums.selectedRight += solutions[i]?.outcome ?? 0;
      sums.selectedScores += scores[i] ?? 0;
    }
  }

  /** @throws ERPRM_ABORTED */
  async measures(settings: IntervalSettings): Promise<RoundMeasures> {
    const sums = this.#sums;
    const solutions = this.#sizes.reduce((sum, size) => sum + size, 0);
    return {
      problems: this.#sizes.length,
      solutions,
      accuracy: widened(
        await ratioEstimate(this.#right, this.#sizes, settings),
        shareBounds({ sums: this.#right, counts: this.#sizes }, finetuningLevel),
      ),
      meanTokens: solutions === 0 ? 0 : sums.tokens / solutions,
      numCutOff: sums.cutOff,
      numEmpty: sums.empty,
      numUnscorable: sums.unscorable,
      distinctAnswers: mean(this.#answers) ?? 0,
      distinctNgrams: mean(this.#ngrams),
      problemsUsed: sums.used,
      selected: sums.selected,
      selectedAccuracy: sums.selected === 0 ? null : sums.selectedRight / sums.selected,
      meanScore: sums.scored === 0 ? null : sums.scores / sums.scored,
      selectedScore: sums.scored === 0 || sums.selected === 0 ? null : sums.selectedScores / sums.selected,
    };
  }
}
