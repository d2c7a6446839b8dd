/**
 * The prefixes of one solution, measured: completions are sampled round by round, as the allocation asks for them, graded
 * and counted. A prefix's completions are the first ones of its random stream, whatever rounds they came in.
 */
import { nextRound, type PrefixCounts } from "../labeling/allocation.js";
import { completionText, type RolloutPolicy, type SampledCompletion } from "../policy/rollout-policy.js";
import type { Sampling } from "../policy/sampling.js";
import type { TrunkGroup } from "../policy/trunk.js";
import type { Allocation, CompletionRecord, Solution } from "../types.js";
import { gradeTexts, type OutcomeGrader } from "./outcomes.js";
import { sampleTrunk } from "./sample-trunk.js";
import type { SolutionPrefixes } from "./solution-prefixes.js";
import type { StageCounts } from "./stage-counts.js";

export interface MeasureOptions {
  policy: RolloutPolicy;
  allocation: Allocation;
  sampling: Sampling;
  seed: number;
  grader: OutcomeGrader;
  keepCompletions: boolean;
  counts: StageCounts | undefined;
  signal: AbortSignal;
}

export interface MeasuredPrefixes {
  /** One for each step but the last. */
  counts: PrefixCounts[];
  /** Ordered by step, then completion; empty unless they are kept. */
  completions: CompletionRecord[];
}

interface Work {
  /** Completions of the first round. */
  weight: number;
  /** Resolves when the engine has nothing left to do. */
  sampled: Promise<void>;
  measured: Promise<MeasuredPrefixes>;
}

/** Starts at once. */
export function measurePrefixes(solution: Solution, cut: SolutionPrefixes, options: MeasureOptions): Work {
  const { allocation } = options;
  const counts = cut.prefixes.map((): PrefixCounts => ({ numCompletions: 0, numCorrect: 0 }));
  const kept: CompletionRecord[] = [];
  let lastSampled = () => {};
  const sampled = new Promise<void>((resolve) => {
    lastSampled = resolve;
  });
  const wantedNow = () => nextRound(allocation, counts, solution.outcome);

  const measure = async (): Promise<MeasuredPrefixes> => {
    try {
      for (let wanted = wantedNow(); wanted.some((count) => count > 0); wanted = wantedNow()) {
        const groups = groupsOf(solution, cut, counts, wanted);
        const completions = await sampleGroups(solution, cut, groups, options);
        // A fixed number is one round: the engine is free while it is graded.
        if (allocation.kind === "fixed") lastSampled();
        const graded = await gradeGroups(solution, cut, groups, completions, options);
        for (const { stepIndex, records } of graded) {
          const count = counts[stepIndex] as PrefixCounts;
          count.numCompletions += records.length;
          count.numCorrect += records.filter(({ outcome }) => outcome === 1).length;
          if (options.keepCompletions) kept.push(...records);
        }
      }
    } finally {
      lastSampled();
    }
    kept.sort((a, b) => a.stepIndex - b.stepIndex || a.completionIndex - b.completionIndex);
    return { counts, completions: kept };
  };
  const weight = wantedNow().reduce((sum, count) => sum + count, 0);
  return { weight, sampled, measured: measure() };
}

function groupsOf(
  solution: Solution,
  { prefixes }: SolutionPrefixes,
  counts: readonly PrefixCounts[],
  wanted: readonly number[],
): TrunkGroup[] {
  return prefixes.flatMap(({ length }, stepIndex) => {
    const numCompletions = wanted[stepIndex] as number;
    const firstCompletion = counts[stepIndex]?.numCompletions as number;
    const group = { prefixLength: length, numCompletions, solutionIndex: solution.index, stepIndex, firstCompletion };
    return numCompletions > 0 ? [group] : [];
  });
}

function sampleGroups(
  { problemId }: Solution,
  { trunk }: SolutionPrefixes,
  groups: readonly TrunkGroup[],
  { policy, seed, sampling, signal, counts }: MeasureOptions,
): Promise<SampledCompletion[][]> {
  // What lies behind the longest prefix of the round is not needed.
  const needed = trunk.subarray(0, Math.max(...groups.map(({ prefixLength }) => prefixLength)));
  return sampleTrunk(policy, { trunk: needed, groups, problemId, seed, sampling, signal }, counts);
}

/** A completion is graded as the whole solution: with its prefix in front. */
async function gradeGroups(
  { problemId, index, answer }: Solution,
  { prefixes }: SolutionPrefixes,
  groups: readonly TrunkGroup[],
  completions: readonly SampledCompletion[][],
  { policy, grader }: MeasureOptions,
): Promise<{ stepIndex: number; records: CompletionRecord[] }[]> {
  const texts = completions.map((ofGroup) => ofGroup.map((completion) => completionText(policy, completion)));
  const whole = groups.flatMap(({ stepIndex }, g) =>
    (texts[g] as string[]).map((text) => `${prefixes[stepIndex]?.text}${text}`),
  );
  const graded = await gradeTexts(grader, whole, answer);
  let next = 0;
  return groups.map(({ stepIndex, firstCompletion }, g) => {
    const records = (completions[g] as SampledCompletion[]).map(({ finishReason }, i): CompletionRecord => {
      const completionIndex = firstCompletion + i;
      const text = texts[g]?.[i] as string;
      const outcome = graded[next++]?.outcome as CompletionRecord["outcome"];
      return { problemId, index, stepIndex, completionIndex, text, outcome, finishReason };
    });
    return { stepIndex, records };
  });
}
