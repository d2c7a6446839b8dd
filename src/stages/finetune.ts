/**
 * Stage `finetune`: rejection-sampling fine-tuning of a policy (RAFT). Round k of K, beginning with the policy of the round
 * before: roll out N solutions of each problem, score them, select, train the policy on the selected ones, evaluate it on the
 * held-out problems. Each part keeps what it finished in the round's directory; a call that goes on from there gives the
 * records and the files of one without a break. One model is in memory at a time.
 *
 *   DIRECTORY/start/greedy.jsonl
 *   DIRECTORY/round-K/{solutions,scores,selected,training,greedy,sampled,divergence}.jsonl, policy/, round.json
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ioError } from "../data/io-error.js";
import { removeLeftovers } from "../data/staging.js";
import type { Finetuning, PolicyMeasures, Round } from "../evaluation/finetuning.js";
import type { Problem } from "../types.js";
import { evaluateRound, loadPolicy } from "./finetune-evaluate.js";
import { isThere, readJsonIfThere, writeJson } from "./finetune-files.js";
import { finetuningLevel } from "./finetune-measures.js";
import {
  checkFinetune,
  type FinetuneStageOptions,
  finetuneDefaults,
  roundProblems,
  roundSeed,
} from "./finetune-options.js";
import { rollOutInto, scoreRound, selectedFile, selectRound, solutionsFile } from "./finetune-rollout.js";
import { policyFolder, trainRound } from "./finetune-train.js";

export type FinetuneRecord = { kind: "start"; policy: PolicyMeasures } | { kind: "round"; round: Round };

const startFolder = "start";
const roundFile = "round.json";

export function roundFolder(roundIndex: number): string {
  return `round-${roundIndex}`;
}

/** Names of what the stage writes in its directory. */
export function finetuneOutputs(numRounds: number): string[] {
  return [startFolder, ...Array.from({ length: numRounds }, (_, i) => roundFolder(i + 1))];
}

/**
 * The measures of the starting policy, then those of each round; ends with all of them together.
 * @throws ERPRM_INVALID_ARGUMENT; ERPRM_INVALID_DATA (no problems; a round in which no solution is selected); what opening,
 *   rolling out, scoring and training throw; ERPRM_ABORTED: what was finished is kept
 */
export async function* finetuneStage(
  problems: readonly Problem[],
  options: FinetuneStageOptions,
): AsyncGenerator<FinetuneRecord, Finetuning, undefined> {
  checkFinetune(problems, options);
  const { directory, keepPolicies = "all", numRounds = finetuneDefaults.numRounds } = options;
  const start = await startMeasures(options);
  yield { kind: "start", policy: start };
  const rounds: Round[] = [];
  for (let roundIndex = 1; roundIndex <= numRounds; roundIndex++) {
    const base = roundIndex === 1 ? options.policy.name : join(directory, roundFolder(roundIndex - 1), policyFolder);
    const round = await oneRound(problems, roundIndex, base, options);
    if (keepPolicies === "last" && roundIndex > 1) await rm(base, { recursive: true, force: true });
    rounds.push(round);
    yield { kind: "round", round };
  }
  return together(start, rounds, options);
}

async function startMeasures(options: FinetuneStageOptions): Promise<PolicyMeasures> {
  const directory = await makeFolder(options.directory, startFolder);
  return evaluateRound(directory, { roundIndex: 0, policy: options.policy.name }, options);
}

async function oneRound(
  problems: readonly Problem[],
  roundIndex: number,
  base: string,
  options: FinetuneStageOptions,
): Promise<Round> {
  const { problemsPerRound, seed = 0, sampling, split, prompt, grader, progress, signal } = options;
  const { numSolutions = finetuneDefaults.numSolutions } = options;
  const directory = await makeFolder(options.directory, roundFolder(roundIndex));
  const found = await readJsonIfThere<Round>(join(directory, roundFile));
  if (found) return found;
  await removeLeftovers(directory);
  const own = roundProblems(problems, roundIndex, { seed, problemsPerRound });
  const rollout = {
    ...{ numSolutions, split, prompt, grader, signal },
    seed: roundSeed(seed, roundIndex, "roll out"),
    sampling: { temperature: finetuneDefaults.temperature, ...sampling },
  };
  await rollOutInto(join(directory, solutionsFile), own, () => loadPolicy(base, options), rollout, {
    begin: (total, done, policy) => progress?.begin?.("roll out", roundIndex, total, done, policy),
    advance: () => progress?.advance?.(),
    end: () => progress?.end?.(),
  });
  // Selecting takes seconds: it is done anew, for its measures.
  if (!(await isThere(join(directory, selectedFile)))) await scoreRound(directory, roundIndex, options);
  const measures = await selectRound(directory, options);
  const training = await trainRound(directory, { roundIndex, base, rollout: measures }, options);
  const policy = await evaluateRound(directory, { roundIndex, policy: join(directory, policyFolder) }, options);
  const round: Round = { roundIndex, rollout: measures, training, policy };
  await writeJson(join(directory, roundFile), round);
  return round;
}

async function makeFolder(directory: string, name: string): Promise<string> {
  const path = join(directory, name);
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw ioError(error, path, "write");
  }
  return path;
}

function together(start: PolicyMeasures, rounds: Round[], options: FinetuneStageOptions): Finetuning {
  const { selection, rewardModel, policy, seed = 0 } = options;
  return {
    version: 1,
    selection: selection.rule,
    ...(selection.threshold !== undefined && { threshold: selection.threshold }),
    policyModel: { name: policy.name, fingerprint: policy.opened.fingerprint },
    ...(rewardModel && rewardModelOf(rewardModel)),
    numRounds: rounds.length,
    numSolutions: options.numSolutions ?? finetuneDefaults.numSolutions,
    numDivergenceSolutions: options.numDivergenceSolutions ?? finetuneDefaults.numDivergenceSolutions,
    seed,
    level: finetuningLevel,
    start,
    rounds,
  };
}

function rewardModelOf({ name, opened, aggregate }: NonNullable<FinetuneStageOptions["rewardModel"]>) {
  const { fingerprint, config } = opened;
  const target = config.training?.target;
  return {
    rewardModel: { name, fingerprint, kind: config.kind, ...(typeof target === "string" && { target }) },
    aggregate: aggregate ?? config.aggregate,
  };
}
