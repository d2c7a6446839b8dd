/** What a fine-tuning is given, and what follows from it for each round. */
import { expectInteger, expectNumberIn, expectOneOf, expectPositiveInteger, failArgument } from "../check.js";
import { ErprmError } from "../errors.js";
import type { OpenedPolicy, Policy } from "../policy/policy.js";
import type { Sampling } from "../policy/sampling.js";
import type { OpenedRewardModel } from "../reward/reward-model.js";
import { randomStream, shuffledIndices, uniformOf } from "../statistics/random.js";
import type { PromptSettings } from "../text/prompt.js";
import type { StepRule } from "../text/step-rule.js";
import type { Lora } from "../training/lora.js";
import type { OptimizerOptions } from "../training/run-update.js";
import type { StoredType } from "../training/safetensors-writer.js";
import type { ScheduleShape } from "../training/schedule.js";
import type { TrainerSource } from "../training/trainer-source.js";
import type { Aggregate, Problem } from "../types.js";
import { checkSelection, needsScores, type SelectionSettings } from "./finetune-selection.js";
import type { OutcomeGrader } from "./outcomes.js";
import type { ModelTrainingProgress } from "./train-model.js";

/** `linear`: round k of K begins at the learning rate times (K - k + 1) / K, as in the paper's code; `none`: at the same one. */
export const roundDecays = ["linear", "none"] as const;
export type RoundDecay = (typeof roundDecays)[number];

export interface RoundTraining {
  /** The largest one of the first round. */
  learningRate: number;
  /** Default `linear`. */
  roundDecay?: RoundDecay | undefined;
  /** Within each round; default `cosine`, 5 % of the updates warm-up. */
  schedule?: ScheduleShape | undefined;
  warmup?: number | undefined;
  /** Passes over the selected solutions of a round, default 2. */
  epochs?: number | undefined;
  /** Of each round. */
  maxUpdates?: number | undefined;
  optimizer?: Partial<OptimizerOptions> | undefined;
  /** Default: for 400 updates a round, from 1024 to 16384. */
  tokensPerUpdate?: number | undefined;
  tokensPerBatch?: number | undefined;
  /** Longest sequence that is trained on; default: the context, at most 4096. */
  maxLength?: number | undefined;
  maxFaultShare?: number | undefined;
  /** A new adapter each round, added into the weights at its end. Absent: all weights are trained. */
  lora?: Lora | undefined;
  /** Of the saved policies, default F32. */
  storedType?: StoredType | undefined;
  device?: string | undefined;
  computeType?: "f32" | "bf16" | undefined;
  threads?: number | undefined;
  gradientCheckpointing?: boolean | undefined;
  spikeFactor?: number | undefined;
  checkpointEvery?: number | undefined;
}

export type FinetunePart = "roll out" | "score" | "train" | "evaluate" | "sample" | "compare";

/** Where a fine-tuning is. `roundIndex` 0 is the starting policy. */
export interface FinetuneProgress {
  begin?(part: FinetunePart, roundIndex: number, total: number, done: number, policy?: Policy): void;
  advance?(): void;
  end?(): void;
  training?(roundIndex: number): ModelTrainingProgress;
}

export interface FinetuneStageOptions {
  /** Exists, and holds nothing else than what an earlier call with the same options left: its finished parts are kept. */
  directory: string;
  /** Stands for everything that decides the results: checkpoints of another fine-tuning are refused by it. */
  key?: string | undefined;
  /** What the first round starts from; training opens it by its name. */
  policy: { name: string; opened: OpenedPolicy };
  /** Opens the policies of the rounds, which are model directories. Default: `Policy.open`. */
  openPolicy?: ((model: string) => Promise<OpenedPolicy>) | undefined;
  /** Default: the real trainer. */
  trainer?: TrainerSource | undefined;
  /** Needed by every selection but `correct`. */
  rewardModel?: { name: string; opened: OpenedRewardModel; aggregate?: Aggregate | undefined } | undefined;
  /** Most tokens of a forward pass of the reward model. Results do not depend on it. */
  tokenBudget?: number | undefined;
  selection: SelectionSettings;
  /** Evaluated on, never trained on; at least one. */
  heldOut: readonly Problem[];
  /** Default 3. */
  numRounds?: number | undefined;
  /** Of each problem in each round, default 16. */
  numSolutions?: number | undefined;
  /** Each round takes the next ones of a random order of the problems, and begins anew at its end. Default: all. */
  problemsPerRound?: number | undefined;
  /** Of the solutions that are trained on; default temperature 1. Greedy solutions share its maxTokens and stop. */
  sampling?: Partial<Sampling> | undefined;
  /** Of each held-out problem after each round, sampled for the divergence, default 4; 0: no divergence. */
  numDivergenceSolutions?: number | undefined;
  split?: StepRule | undefined;
  prompt?: PromptSettings | undefined;
  training: RoundTraining;
  /** Default 0. */
  seed?: number | undefined;
  /** `last`: a round's policy goes when the next round is complete. Default `all`. */
  keepPolicies?: "all" | "last" | undefined;
  grader?: OutcomeGrader | undefined;
  progress?: FinetuneProgress | undefined;
  note?: ((text: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export const finetuneDefaults = {
  numRounds: 3,
  numSolutions: 16,
  temperature: 1,
  numDivergenceSolutions: 4,
  epochs: 2,
  warmup: 0.05,
} as const;

/** @throws ERPRM_INVALID_ARGUMENT; ERPRM_INVALID_DATA for no problems */
export function checkFinetune(problems: readonly Problem[], options: FinetuneStageOptions): void {
  const { selection, rewardModel, training } = options;
  checkSelection(selection);
  if (needsScores(selection.rule) && !rewardModel) {
    failArgument("rewardModel", `given for the selection ${selection.rule}, which goes by scores`, rewardModel);
  }
  if (!needsScores(selection.rule) && rewardModel) {
    failArgument(
      "rewardModel",
      `absent for the selection ${selection.rule}, which looks at no score`,
      rewardModel.name,
    );
  }
  expectPositiveInteger("numRounds", options.numRounds ?? finetuneDefaults.numRounds);
  expectPositiveInteger("numSolutions", options.numSolutions ?? finetuneDefaults.numSolutions);
  expectInteger("numDivergenceSolutions", options.numDivergenceSolutions ?? finetuneDefaults.numDivergenceSolutions);
  if (options.problemsPerRound !== undefined) expectPositiveInteger("problemsPerRound", options.problemsPerRound);
  expectOneOf("roundDecay", training.roundDecay ?? "linear", roundDecays);
  expectOneOf("keepPolicies", options.keepPolicies ?? "all", ["all", "last"]);
  expectNumberIn("the learning rate", training.learningRate, Number.MIN_VALUE, 1e6);
  for (const [what, some] of [
    ["to train on", problems],
    ["to evaluate on", options.heldOut],
  ] as const) {
    if (some.length > 0) continue;
    throw new ErprmError("ERPRM_INVALID_DATA", `Expected at least one problem ${what}, received none`, {
      field: "problems",
    });
  }
}

/** Round k of K, k from 1. */
export function roundLearningRate(training: RoundTraining, roundIndex: number, numRounds: number): number {
  const { learningRate, roundDecay = "linear" } = training;
  return roundDecay === "linear" ? (learningRate * (numRounds - roundIndex + 1)) / numRounds : learningRate;
}

/** The seed of one part of one round: an integer from 0 below 2^53. */
export function roundSeed(seed: number, roundIndex: number, purpose: "roll out" | "train" | "sample"): number {
  return uniformOf(seed, "finetune", purpose, roundIndex) * 2 ** 53;
}

/** The problems of a round, in the order in which they were given. */
export function roundProblems(
  problems: readonly Problem[],
  roundIndex: number,
  { seed, problemsPerRound = problems.length }: { seed: number; problemsPerRound?: number | undefined },
): Problem[] {
  if (problemsPerRound >= problems.length) return [...problems];
  const order = shuffledIndices(problems.length, randomStream(seed, "finetune problems"));
  const first = (roundIndex - 1) * problemsPerRound;
  const places = Array.from({ length: problemsPerRound }, (_, i) => order[(first + i) % problems.length] as number);
  return places.sort((a, b) => a - b).map((place) => problems[place] as Problem);
}
