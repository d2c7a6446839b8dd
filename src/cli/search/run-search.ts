/** What `erprm search` does. */
import { OrderedWriter } from "../../data/ordered-writer.js";
import { readSolutions, solutionKey } from "../../data/read-solutions.js";
import type { RunDirectory } from "../../data/run-directory.js";
import { weightsOn } from "../../policy/device.js";
import { type OpenedPolicy, Policy } from "../../policy/policy.js";
import { type OpenedRewardModel, RewardModel } from "../../reward/reward-model.js";
import { newScoreCounts } from "../../search/score-queue.js";
import { readSearches, type SearchRecord } from "../../search/search-record.js";
import { expectLocalRule, type LocalStepRule } from "../../search/step-end.js";
import { numSlotsOf } from "../../search/tree-search.js";
import { type SearchedProblem, type SearchStageOptions, searchStage } from "../../stages/search.js";
import { newCounts } from "../../stages/stage-counts.js";
import { formatStepRule, parseStepRule } from "../../text/step-rule.js";
import type { Problem, Solution } from "../../types.js";
import type { searchOptions } from "../commands/search.js";
import { refuseIdleFlags } from "../idle-flags.js";
import type { OptionValues } from "../option.js";
import { packageBuild } from "../package-build.js";
import {
  type OpenPolicy,
  policyFreedom,
  policyIdentity,
  policyOptionsOf,
  promptSettings,
  required,
  solutionSampling,
} from "../policy-values.js";
import { RunProgress } from "../run-progress.js";
import { allProblems } from "../run-rollout.js";
import { type OpenRewardModel, rewardModelOptionsOf } from "../score/reward-model-options.js";
import { Session, type SessionNumbers } from "../session.js";
import type { Given, Run, Surroundings } from "../stage-command.js";
import { note, withRun } from "../with-run.js";
import { searchSummaryJson, searchSummaryText } from "./summary.js";
import { SearchTally } from "./tally.js";

type SearchValues = OptionValues<typeof searchOptions>;
type Found = SearchedProblem;

const scoresOutcomes =
  "the reward model predicts outcomes of whole solutions: a prefix is ranked by what it would be worth if it ended there";

/** Options of the algorithm alone, those that it does not read left out. @throws ERPRM_INVALID_ARGUMENT */
function searchSettings(values: SearchValues, given: Given) {
  const { algorithm, beams, width, maxSteps, numSolutions, budgetTokens, aggregate, keepEqual } = values;
  const isTree = algorithm !== "best-of-n";
  refuseIdleFlags(given, [
    { names: ["keep-equal"], why: `with --algorithm ${algorithm}: it is for beam`, when: algorithm !== "beam" },
    { names: ["num-solutions"], why: `with --algorithm ${algorithm}: it has --beams`, when: isTree },
    {
      names: ["beams", "width", "max-steps"],
      why: "with --algorithm best-of-n: it samples whole solutions",
      when: !isTree,
    },
  ]);
  if (!isTree) return { algorithm, numSolutions, budgetTokens, aggregate };
  numSlotsOf({ beams, width });
  const tree = { algorithm, beams, width, maxSteps, budgetTokens, aggregate };
  return algorithm === "beam" ? { ...tree, keepEqual } : tree;
}

/** Both files, in step: a problem's solution is on the disk before its record. A kill between the two leaves one without. */
class SearchFiles {
  private constructor(
    readonly solutions: Awaited<ReturnType<typeof RunDirectory.prototype.appender<Solution>>>,
    readonly records: Awaited<ReturnType<typeof RunDirectory.prototype.appender<SearchRecord>>>,
  ) {}

  static async open(run: RunDirectory): Promise<SearchFiles> {
    const solutions = await run.appender<Solution>("solutions.jsonl", solutionKey);
    return new SearchFiles(solutions, await run.appender<SearchRecord>("search.jsonl", solutionKey));
  }

  /** Problems that are done. */
  get numDone(): number {
    return Math.min(this.solutions.numRecords, this.records.numRecords);
  }

  async *found(): AsyncGenerator<Found> {
    if (this.numDone === 0) return;
    const solutions = readSolutions(this.solutions.path)[Symbol.asyncIterator]();
    let left = this.numDone;
    for await (const record of readSearches(this.records.path)) {
      const { value } = await solutions.next();
      yield { solution: value as Solution, record };
      left -= 1;
      if (left === 0) break;
    }
    await solutions.return?.(undefined);
  }

  async append(found: readonly Found[]): Promise<void> {
    const isNew = ({ solution }: Found) => !this.solutions.has(solutionKey(solution));
    await this.solutions.append(found.filter(isNew).map(({ solution }) => solution));
    await this.records.append(found.map(({ record }) => record).filter((one) => !this.records.has(solutionKey(one))));
  }
}

async function searchRun(
  run: RunDirectory,
  opened: { policy: OpenedPolicy; rewardModel: OpenedRewardModel },
  problems: readonly Problem[],
  settings: Omit<SearchStageOptions, "policy" | "rewardModel">,
  { quiet }: SearchValues,
  { stderr }: Surroundings,
): Promise<SessionNumbers> {
  const session = new Session();
  const files = await SearchFiles.open(run);
  const tally = new SearchTally();
  const done = files.numDone;
  for await (const { solution, record } of files.found()) tally.add(solution, record);
  const policy = await opened.policy.load();
  try {
    const rewardModel = await opened.rewardModel.load();
    try {
      session.loaded();
      const [counts, scoreCounts] = [newCounts(), newScoreCounts()];
      const stage = { ...settings, policy, rewardModel, counts, scoreCounts };
      const total = problems.length;
      const progress = new RunProgress(policy, {
        title: "search",
        unit: "problems",
        total,
        done,
        quiet,
        stream: stderr,
      });
      const writer = new OrderedWriter<Found>((batch) => files.append(batch));
      try {
        let index = 0;
        for await (const found of searchStage(problems.slice(done), stage)) {
          await writer.put(index++, [found]);
          tally.add(found.solution, found.record);
          progress.advance();
        }
      } finally {
        progress.end();
        await writer.finish();
      }
      const numbers = session.numbers(policy, counts, done);
      const { scoringSeconds, ...scored } = scoreCounts;
      return {
        counts: { ...tally.counts, ...numbers.counts, ...scored },
        timings: { ...numbers.timings, scoring: scoringSeconds },
      };
    } finally {
      await rewardModel.dispose();
    }
  } finally {
    await policy.dispose();
  }
}

export function runSearch(
  openPolicy: OpenPolicy = Policy.open,
  openRewardModel: OpenRewardModel = RewardModel.open,
): Run<typeof searchOptions> {
  return async (values, given, surroundings) => {
    const { signal } = surroundings;
    const policyName = required("policy", values.policy, "a model directory or a .gguf file");
    const rewardName = required("reward-model", values.rewardModel, "a model directory or a .gguf file");
    const path = required("problems", values.problems, "a file with problems");
    const out = required("out", values.out, "the run directory");
    const split: LocalStepRule = expectLocalRule(parseStepRule(values.split), "--split");
    const algorithm = searchSettings(values, given);
    const prompt = promptSettings(values);
    const sampling = solutionSampling(values);
    const { seed, limit, tokensPerBatch, rewardDtype } = values;
    const problems = await allProblems(path, limit);
    const policy = await openPolicy(policyName, policyOptionsOf(values, signal));
    // --context-length is the policy's.
    const asked = rewardModelOptionsOf({ ...values, dtype: rewardDtype, contextLength: undefined }, signal);
    const rewardModel = await openRewardModel(rewardName, asked);
    const notes = [...policy.notes, ...rewardModel.notes];
    if (rewardModel.config.kind === "outcome" && values.algorithm !== "best-of-n") notes.push(scoresOutcomes);
    for (const text of notes) note(text, values, surroundings);

    const description = {
      stage: "search",
      options: {
        ...policyIdentity(values),
        ...prompt,
        ...sampling,
        ...algorithm,
        rewardDtype: weightsOn(values.device, rewardDtype),
        convention: rewardModel.config.convention,
        limit,
        split: formatStepRule(split),
      },
      freeOptions: { ...policyFreedom(values), rewardModel: rewardName, tokensPerBatch },
      seed,
      inputs: { problems: path },
      models: { policy: policy.fingerprint, rewardModel: rewardModel.fingerprint },
      build: packageBuild(policy.build),
      outputs: ["solutions.jsonl", "search.jsonl"],
    };
    const settings = { ...algorithm, sampling, split, prompt, seed, tokenBudget: tokensPerBatch, signal };
    await withRun(
      description,
      { ...values, out },
      surroundings,
      (run) => searchRun(run, { policy, rewardModel }, problems, settings, values, surroundings),
      { text: searchSummaryText, json: searchSummaryJson },
    );
  };
}
