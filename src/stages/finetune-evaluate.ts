/**
 * A policy on the held-out problems: one greedy solution each, and how far it is from the starting policy. Only one of the
 * two policies is in memory at a time.
 */
import { join } from "node:path";
import { readRecords } from "../data/read-records.js";
import { readSolutions } from "../data/read-solutions.js";
import { writeRecords } from "../data/write-records.js";
import { greedyFile, type PolicyMeasures } from "../evaluation/finetuning.js";
import { Policy } from "../policy/policy.js";
import type { Solution } from "../types.js";
import { isThere } from "./finetune-files.js";
import { type DivergenceRecord, divergenceOf, noDivergence, policyMeasures } from "./finetune-measures.js";
import { type FinetuneStageOptions, finetuneDefaults, roundSeed } from "./finetune-options.js";
import { rollOutInto } from "./finetune-rollout.js";
import { promptTokens } from "./question-prompt.js";

export const sampledFile = "sampled.jsonl";
export const divergenceFile = "divergence.jsonl";

/** Sequences of one native call: the points at which an interruption is looked for. */
const sequencesPerCall = 16;

/** @param name of the starting policy, or of one of the rounds */
export async function loadPolicy(name: string, options: FinetuneStageOptions): Promise<Policy> {
  const { policy: start, openPolicy = Policy.open } = options;
  const opened = name === start.name ? start.opened : await openPolicy(name);
  return opened.load();
}

/** @param policy names the policy; the start for `roundIndex` 0 */
export async function evaluateRound(
  directory: string,
  { roundIndex, policy }: { roundIndex: number; policy: string },
  options: FinetuneStageOptions,
): Promise<PolicyMeasures> {
  const { heldOut, sampling, split, prompt, seed = 0, grader, progress, signal } = options;
  const { numDivergenceSolutions = finetuneDefaults.numDivergenceSolutions } = options;
  const common = { split, prompt, grader, signal };
  const load = () => loadPolicy(policy, options);
  const begin = (part: "evaluate" | "sample") => ({
    begin: (total: number, done: number, loaded: Policy) => progress?.begin?.(part, roundIndex, total, done, loaded),
    advance: () => progress?.advance?.(),
    end: () => progress?.end?.(),
  });
  const greedy = { ...common, numSolutions: 1, seed: 0, sampling: { ...sampling, temperature: 0 } };
  await rollOutInto(join(directory, greedyFile), heldOut, load, greedy, begin("evaluate"));
  const solutions: Solution[] = [];
  for await (const solution of readSolutions(join(directory, greedyFile))) solutions.push(solution);
  if (roundIndex === 0) return policyMeasures(solutions, noDivergence);
  if (numDivergenceSolutions === 0) return policyMeasures(solutions, { value: null, low: null, high: null });

  const untouched = { temperature: 1, topP: 1, topK: 0, minP: 0 };
  const sampled = {
    ...common,
    numSolutions: numDivergenceSolutions,
    seed: roundSeed(seed, roundIndex, "sample"),
    sampling: { ...sampling, ...untouched },
  };
  await rollOutInto(join(directory, sampledFile), heldOut, load, sampled, begin("sample"));
  const path = join(directory, divergenceFile);
  if (!(await isThere(path))) await writeRecords(path, await compare(directory, roundIndex, policy, options));
  const records: DivergenceRecord[] = [];
  for await (const { value } of readRecords(path)) records.push(value as DivergenceRecord);
  return policyMeasures(solutions, await divergenceOf(records, { seed, signal }));
}

interface Sequence {
  solution: Solution;
  promptLength: number;
  tokenIds: Int32Array;
}

/** The sampled solutions in the eyes of both policies, one after the other in memory. */
async function compare(
  directory: string,
  roundIndex: number,
  policy: string,
  options: FinetuneStageOptions,
): Promise<DivergenceRecord[]> {
  const { prompt, progress, heldOut } = options;
  const sequences: Sequence[] = [];
  const problems = new Map(heldOut.map((problem) => [problem.id, problem]));
  const total = heldOut.length * (options.numDivergenceSolutions ?? finetuneDefaults.numDivergenceSolutions);
  progress?.begin?.("compare", roundIndex, 2 * total, 0);
  try {
    const own = await withPolicy(policy, options, async (loaded) => {
      for await (const solution of readSolutions(join(directory, sampledFile))) {
        const problem = problems.get(solution.problemId) ?? { id: solution.problemId, question: solution.question };
        const promptIds = promptTokens(loaded, problem, prompt);
        const tokenIds = Int32Array.from([...promptIds, ...(solution.tokenIds ?? [])]);
        sequences.push({ solution, promptLength: promptIds.length, tokenIds });
      }
      return logProbabilities(loaded, sequences, options);
    });
    const start = await withPolicy(options.policy.name, options, (loaded) =>
      logProbabilities(loaded, sequences, options),
    );
    return sequences.map(({ solution: { problemId, index }, promptLength, tokenIds }, i) => ({
      problemId,
      index,
      numTokens: tokenIds.length - promptLength,
      logProbability: own[i] as number,
      startLogProbability: start[i] as number,
    }));
  } finally {
    progress?.end?.();
  }
}

async function withPolicy<T>(
  name: string,
  options: FinetuneStageOptions,
  work: (policy: Policy) => Promise<T>,
): Promise<T> {
  const policy = await loadPolicy(name, options);
  try {
    return await work(policy);
  } finally {
    await policy.dispose();
  }
}

/** ln p of each solution behind its prompt, at temperature 1, nats. */
async function logProbabilities(
  policy: Policy,
  sequences: readonly Sequence[],
  { progress, signal }: FinetuneStageOptions,
): Promise<number[]> {
  const sums: number[] = [];
  for (let first = 0; first < sequences.length; first += sequencesPerCall) {
    const some = sequences.slice(first, first + sequencesPerCall);
    const offsets = new Int32Array(some.length + 1);
    for (const [i, { tokenIds }] of some.entries()) offsets[i + 1] = (offsets[i] as number) + tokenIds.length;
    const values = new Int32Array(offsets[some.length] as number);
    for (const [i, { tokenIds }] of some.entries()) values.set(tokenIds, offsets[i]);
    const all = await policy.logProbabilities({ values, offsets }, signal ? { signal } : {});
    for (const [i, { promptLength }] of some.entries()) {
      const own = all.subarray((offsets[i] as number) + promptLength, offsets[i + 1]);
      sums.push(own.reduce((sum, value) => sum + value, 0));
      progress?.advance?.();
    }
  }
  return sums;
}
