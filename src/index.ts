/**
 * The library: `import { ... } from "erprm"`. Whatever may take more than a millisecond returns a promise and takes an
 * AbortSignal; every error is an `ErprmError`. Loading a policy loads the native addon; nothing else here does.
 *
 * @packageDocumentation
 */
export type { Place } from "./data/data-error.js";
export { type ExportOptions, exportRecords } from "./data/formats/export-records.js";
export { Losses } from "./data/formats/format.js";
export { type ImportOptions, importRecords } from "./data/formats/import-records.js";
export { type FormatName, formatNames, lossesOf } from "./data/formats/registry.js";
export type { RunIdentity } from "./data/manifest.js";
export type { Placed } from "./data/placed.js";
export { type GradedSolution, readGraded } from "./data/read-graded.js";
export { readProblems } from "./data/read-problems.js";
export { type FirstErrorSolution, readProcessBench } from "./data/read-process-bench.js";
export { type PlacedRecord, readRecords } from "./data/read-records.js";
export { readLabels, readScores, readSolutions, type UnfitLabels } from "./data/read-solutions.js";
export {
  aggregate,
  bestOfN,
  majorityVote,
  passAtK,
  type SameAnswer,
  type Vote,
  weightedVote,
} from "./data/selection.js";
export {
  type Counts,
  checkEstimator,
  jeffreys,
  labelSteps,
  labelsFromCounts,
  type PerPrefix,
  plugIn,
  standardErrorsFromCounts,
} from "./data/step-labels.js";
export { writeRecords } from "./data/write-records.js";
export {
  ErprmError,
  type ErrorCategory,
  type ErrorCode,
  type ErrorDetails,
  errorCategories,
  exitCodeOf,
} from "./errors.js";
export { methodResults } from "./evaluation/accuracy.js";
export {
  type ComparedWay,
  compareFinetunings,
  type FinetuningComparison,
  type FinetuningComparisonOptions,
  type FinetuningRun,
  readFinetuning,
  type WayDifference,
  wayName,
} from "./evaluation/compare-finetunings.js";
export { type ComparisonOptions, compareMethods } from "./evaluation/comparisons.js";
export { areasWithinProblems, type DiscriminationOptions, discriminationResult } from "./evaluation/discrimination.js";
export * from "./evaluation/evaluation.js";
export {
  type Finetuning,
  type PolicyMeasures,
  type Round,
  type RoundMeasures,
  type TrainingSelection,
  trainingSelections,
} from "./evaluation/finetuning.js";
export { type FirstErrorData, type FirstErrorOptions, firstErrorResults } from "./evaluation/first-error.js";
export { type AnswersMatch, groupAnswers, noAnswer } from "./evaluation/group-answers.js";
export { type LengthOptions, lengthResult } from "./evaluation/lengths.js";
export {
  type AccuraciesAtN,
  defaultNumCandidates,
  type MethodAccuracies,
  type MethodOptions,
  methodAccuracies,
} from "./evaluation/methods.js";
export type { Candidate, CandidatePool, FirstErrorCase, PooledProblem } from "./evaluation/pool.js";
export { calibrationResult } from "./evaluation/reliability.js";
export { extractAnswer } from "./grading/extract.js";
export { Grader, type GraderOptions, gradeAnswer, type Verdict } from "./grading/grader.js";
export type { GradeOptions } from "./grading/options.js";
export { checkAllocation, nextRound, type PrefixCounts } from "./labeling/allocation.js";
export { expectedGain } from "./labeling/expected-gain.js";
export { firstErrorOf } from "./labeling/first-error.js";
export { CountHistogram, fitPrior } from "./labeling/fit-prior.js";
export { halfWidth } from "./labeling/label-interval.js";
export type { ResidentBytes } from "./model/resident-bytes.js";
export type { StoredTensor } from "./model/stored-tensor.js";
export type {
  EngineStats,
  LossName,
  NativeFreshTokens,
  NativeRankGroup,
  NativeTrainingBatch,
  NativeTrainingResult,
  NativeUpdateOptions,
  TensorSlot,
  TrainerTensor,
  WeightType,
} from "./native/contract.js";
export { logMeanExp } from "./native/log-mean-exp.js";
export { openRolloutPolicy, type RolloutPolicyOptions } from "./policy/open-rollout-policy.js";
export { type OpenedPolicy, Policy, type PolicyOptions } from "./policy/policy.js";
export type { RemotePolicyOptions } from "./policy/remote/remote-options.js";
export type { TokenPrices } from "./policy/remote/remote-policy.js";
export type {
  OpenedRolloutPolicy,
  PolicyFigures,
  RolloutPolicy,
  RolloutStats,
  SampledCompletion,
  TextCompletion,
} from "./policy/rollout-policy.js";
export type { Prompts, RaggedTokens, Rollout, RolloutOptions } from "./policy/rollouts.js";
export type { Sampling } from "./policy/sampling.js";
export type { Completion, FollowedTrunkRequest, TokenCompletion, TrunkGroup, TrunkRequest } from "./policy/trunk.js";
export { type Difficulty, difficulties } from "./problems/difficulty.js";
export {
  type GeneratedProblem,
  type GenerateOptions,
  generateProblem,
  generateProblems,
  type ProblemSettings,
} from "./problems/generate.js";
export { type Split, splitOf, splits } from "./problems/split.js";
export type { CollectOptions } from "./report/collect.js";
export { type ReportOptions, type WrittenReport, writeReport } from "./report/write-report.js";
export type {
  Candidates,
  ChatConvention,
  ClassificationConvention,
  Convention,
  ConventionKind,
  RewardKind,
  RewardModelConfig,
  StepTagConvention,
  TagLayout,
  TokenText,
} from "./reward/convention.js";
export { type EncodedSteps, type StepEncoder, type StepText, stepEncoder } from "./reward/encode-steps.js";
export { type ConventionName, type ConventionPreset, conventionNames, conventionPresets } from "./reward/presets.js";
export { type ConventionRequest, resolveConvention } from "./reward/resolve-convention.js";
export {
  type OpenedRewardModel,
  RewardModel,
  type RewardModelOptions,
  type ScoreOptions,
} from "./reward/reward-model.js";
export type { Scored } from "./reward/score-batches.js";
export { type BeamSearchOptions, beamSearch } from "./search/beam.js";
export { type BestOfNOptions, bestOfNSearch } from "./search/best-of-n.js";
export { diverseTreeSearch } from "./search/diverse-trees.js";
export { emptyPrefix, type Prefix, type ScoredPrefix } from "./search/prefix.js";
export { newScoreCounts as newSearchScoreCounts, type SearchScoreCounts } from "./search/score-queue.js";
export {
  type FoundSolution,
  readSearches,
  type SearchAlgorithm,
  type SearchRecord,
  searchAlgorithms,
} from "./search/search-record.js";
export {
  type Level,
  type PrefixScorer,
  type SampledStep,
  type SearchEnd,
  type SearchResult,
  type SolutionRequest,
  type SolutionSampler,
  type StepRequest,
  type StepSampler,
  searchEnds,
} from "./search/search-tools.js";
export type { TreeSearchOptions } from "./search/tree-search.js";
export {
  type RequestOptions,
  ServiceClient,
  type ServiceClientOptions,
  type ServiceModel,
} from "./service/client/service-client.js";
export type { FailedSolution } from "./service/client/stream.js";
export type { Grade } from "./service/routes/grade-schema.js";
export type { ScoredSolution, SolutionItem } from "./service/scoring/schema.js";
export {
  type EvaluateStageOptions,
  type EvaluationInput,
  type EvaluationProgress,
  evaluateStage,
  type ScoredModel,
} from "./stages/evaluate.js";
export { type EvaluationSettings, evaluationDefaults } from "./stages/evaluation-settings.js";
export { type FinetuneRecord, finetuneStage } from "./stages/finetune.js";
export { type DistinctCounts, distinctAnswers, distinctNgrams } from "./stages/finetune-diversity.js";
export { type DivergenceRecord, divergenceOf, type IntervalSettings } from "./stages/finetune-measures.js";
export type {
  FinetunePart,
  FinetuneProgress,
  FinetuneStageOptions,
  RoundDecay,
  RoundTraining,
} from "./stages/finetune-options.js";
export { type SelectionCandidate, type SelectionSettings, selectSolutions } from "./stages/finetune-selection.js";
export type { FirstErrorFile } from "./stages/first-error-cases.js";
export { type FollowedTraining, followTraining } from "./stages/follow-training.js";
export {
  type LabelledSolution,
  type LabelStageOptions,
  labelStage,
  labelStageWithCompletions,
} from "./stages/label.js";
export type { OutcomeGrader } from "./stages/outcomes.js";
export { type RelabelOptions, relabelStage } from "./stages/relabel.js";
export { type RolloutStageOptions, rolloutStage } from "./stages/rollout.js";
export {
  newScoreCounts,
  type ScoreCounts,
  type ScoreStageOptions,
  type SolutionToScore,
  scoreStage,
} from "./stages/score.js";
export { type SearchedProblem, type SearchStageOptions, searchStage } from "./stages/search.js";
export { newCounts, type StageCounts } from "./stages/stage-counts.js";
export {
  type TrainingEnd,
  type TrainingKeeper,
  type TrainingProgress,
  type TrainStageOptions,
  trainStage,
} from "./stages/train.js";
export { type ModelTraining, type ModelTrainingProgress, type TrainedModel, trainModel } from "./stages/train-model.js";
export { type BootstrapOptions, bootstrap, type ResampledStatistics } from "./statistics/bootstrap.js";
export { type CalibrationBin, calibrationTable } from "./statistics/calibration.js";
export { type CorrectedPValue, correctedPValues } from "./statistics/corrected-p-values.js";
export { holm } from "./statistics/holm.js";
export {
  type EstimateName,
  type IntervalOptions,
  type MeasuresWithIntervals,
  measureWithIntervals,
} from "./statistics/intervals.js";
export {
  type MeasureName,
  type Measures,
  measure,
  measureNames,
  type ScoredPrefixes,
  type SortedPrefixes,
  sortPrefixes,
} from "./statistics/measures.js";
export { rankCorrelation } from "./statistics/rank-correlation.js";
export { type SignFlipOptions, type SignFlipTest, signFlipTests } from "./statistics/sign-flips.js";
export { type Proportion, wilson } from "./statistics/wilson.js";
export type { Message, RenderOptions } from "./text/chat-template.js";
export type { PromptOptions, PromptSettings } from "./text/prompt.js";
export { splitSteps } from "./text/split-steps.js";
export { parseStepRule, type StepRule } from "./text/step-rule.js";
export type { ChatTokenizer, TextModel } from "./text/text-model.js";
export type { DecodeOptions, EncodeOptions, Tokenizer } from "./text/tokenizer.js";
export type { AdapterConfig } from "./training/adapter-config.js";
export { expectAdapterFits } from "./training/adapter-fit.js";
export type { BuildOptions, BuiltExamples, LeftOut, Records } from "./training/build-examples.js";
export { Checkpoints } from "./training/checkpoints.js";
export { RankGroup } from "./training/distributed/rank-group.js";
export { defaultRankTimeout, type RankPlace, rankPlace } from "./training/distributed/rank-place.js";
export type { Ranks } from "./training/distributed/ranks.js";
export type { PolicyExample, RewardExample, TrainingExample } from "./training/example.js";
export { type ExampleName, ExampleStore } from "./training/example-store.js";
export { type FaultPlace, type FaultReason, type FaultSummary, faultReasons } from "./training/faults.js";
export { heldOutProblems, type SplitExamples, type SplitOptions, splitExamples } from "./training/held-out.js";
export { loadAdapter } from "./training/load-adapter.js";
export { type Lora, type LoraOptions, type LoraTarget, loraTargets } from "./training/lora.js";
export { type OpenedAdapter, openAdapter } from "./training/open-adapter.js";
export { outcomeExamples } from "./training/outcome-examples.js";
export {
  endTokenOf,
  type PolicyExampleOptions,
  policyExamplesFromProblems,
  policyExamplesFromSolutions,
} from "./training/policy-examples.js";
export type { OptimizerOptions } from "./training/run-update.js";
export type { StoredType } from "./training/safetensors-writer.js";
export { type SaveOptions, saveModel } from "./training/save-model.js";
export { type Schedule, type ScheduleShape, scheduleShapes } from "./training/schedule.js";
export {
  type InferredStepUse,
  inferredStepUses,
  processExamples,
  type RewardExampleOptions,
  type StepExampleOptions,
  type Weighting,
  weightings,
} from "./training/step-examples.js";
export { Trainer, type TrainerOptions, type TrainingEngine } from "./training/trainer.js";
export type { TrainerSource } from "./training/trainer-source.js";
export { type OpenBaseOptions, openTrainingBase, type TrainingBase } from "./training/training-base.js";
export type { HeldOutRecord, TrainingRecord, UpdateRecord } from "./training/training-record.js";
export type { TrainingState } from "./training/training-state.js";
export * from "./types.js";
