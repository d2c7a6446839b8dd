/** What `erprm label` does: labels of given solutions, or of solutions that are sampled on the way. */
import { readSolutions, solutionKey } from "../../data/read-solutions.js";
import type { RunDirectory } from "../../data/run-directory.js";
import { Grader } from "../../grading/grader.js";
import { weightsOn } from "../../policy/device.js";
import { openRolloutPolicy } from "../../policy/open-rollout-policy.js";
import type { OpenedRolloutPolicy } from "../../policy/rollout-policy.js";
import type { Sampling } from "../../policy/sampling.js";
import { ofShard } from "../../shard/select.js";
import type { Shard } from "../../shard/shard.js";
import type { LabelStageOptions } from "../../stages/label.js";
import { labelNames } from "../../stages/label-names.js";
import { rolloutStage } from "../../stages/rollout.js";
import { newCounts } from "../../stages/stage-counts.js";
import type { PromptSettings } from "../../text/prompt.js";
import { formatStepRule, parseStepRule } from "../../text/step-rule.js";
import type { Allocation, Estimator, Problem, Solution } from "../../types.js";
import type { labelOptions } from "../commands/label.js";
import type { OptionValues } from "../option.js";
import { packageBuild } from "../package-build.js";
import {
  completionSampling,
  type OpenRolloutPolicy,
  promptSettings,
  required,
  solutionSampling,
} from "../policy-values.js";
import { promptOrigin } from "../prompt-origin.js";
import type { LabelSettings } from "../queue/label-settings.js";
import { queueAccessOf, refuseIdleQueueFlags } from "../queue/options.js";
import { allProblems } from "../run-rollout.js";
import { sampleRecords } from "../sample-records.js";
import { expectLocalPolicy, openSamplingPolicy, policyName } from "../sampling-policy.js";
import { Session, type SessionNumbers } from "../session.js";
import { keepProblemList, shardedRun, shardIdentity } from "../shard/options.js";
import type { Run, Surroundings } from "../stage-command.js";
import { drop, take } from "../take.js";
import { LabelTally } from "../tally.js";
import { note, withRun } from "../with-run.js";
import { writing } from "../write-records.js";
import { completionsFile, openLabelFile } from "./file.js";
import { allocationOf, estimatorOf, labelIdentity, relabelEstimatorOf } from "./options.js";
import type { LabelUnitPayload } from "./queued-files.js";
import { expectNothingSetAside, failedFile, refuseSetAside } from "./set-aside.js";
import { labelSourceOf } from "./source.js";

type LabelValues = OptionValues<typeof labelOptions>;

/** Where the solutions come from: a file, or the rollout stage. */
interface SolutionSource {
  name: "solutions" | "problems";
  path: string;
  problemIds: Iterable<string>;
  /** Solutions in all. */
  total: number;
  prompt: PromptSettings;
  /** What decides the solutions' bytes. */
  options: Record<string, unknown>;
  outputs: string[];
  /** What a queue hands out, in the order of the input. */
  units: () => AsyncIterable<LabelUnitPayload> | Iterable<LabelUnitPayload>;
  /** Solutions from the `first` one on. */
  open(run: RunDirectory, first: number, stage: LabelStageOptions): Promise<AsyncIterable<Solution>>;
}

async function fromFile(
  path: string,
  shard: Shard | undefined,
  values: LabelValues,
  surroundings: Surroundings,
): Promise<SolutionSource> {
  const all = () => ofShard(take(readSolutions(path), values.limit), shard, ({ problemId }) => problemId, path);
  // Read once before the model is, so that what is wrong with the file is said at once; and to know how many there are.
  let total = 0;
  const problemIds = new Set<string>();
  for await (const { problemId } of all()) {
    total += 1;
    problemIds.add(problemId);
  }
  let prompt = promptSettings(values);
  const origin = Object.values(prompt).every((value) => value === undefined) ? await promptOrigin(path) : undefined;
  if (origin && Object.values(origin.prompt).some((value) => value !== undefined)) {
    prompt = origin.prompt;
    note(`the prompt's settings are those of ${origin.manifest}`, values, surroundings);
  }
  const open = async (_run: RunDirectory, first: number) => drop(all(), first);
  return { name: "solutions", path, problemIds, total, prompt, options: {}, outputs: [], units: all, open };
}

async function fromProblems(path: string, shard: Shard | undefined, values: LabelValues): Promise<SolutionSource> {
  const { limit, numSolutions } = values;
  const problems = await allProblems(path, limit, shard);
  const sampling = solutionSampling(values);
  return {
    name: "problems",
    path,
    problemIds: problems.map(({ id }) => id),
    total: problems.length * numSolutions,
    prompt: promptSettings(values),
    options: { numSolutions, ...sampling },
    outputs: ["solutions.jsonl"],
    units: () => problems,
    open: (run, first, stage) => sampled(problems, { numSolutions, sampling }, run, first, stage),
  };
}

/** The solutions that the run has already, then new ones, which go to solutions.jsonl on their way to be labelled. */
async function sampled(
  problems: readonly Problem[],
  { numSolutions, sampling }: { numSolutions: number; sampling: Sampling },
  run: RunDirectory,
  first: number,
  stage: LabelStageOptions,
): Promise<AsyncIterable<Solution>> {
  const appender = await run.appender<Solution>("solutions.jsonl", solutionKey);
  const known = appender.numRecords;
  const { policy, split, prompt, seed, grader, counts, signal } = stage;
  async function* solutions() {
    if (known > first) yield* drop(take(readSolutions(appender.path), known), first);
    const options = { policy, split, prompt, seed, grader, counts, signal, numSolutions, sampling, skip: known };
    // Labels may be ahead of the solutions after a power cut: solutions are written again, not labelled again.
    yield* drop(writing(rolloutStage(problems, options), appender), Math.max(0, first - known));
  }
  return solutions();
}

/** How labels are measured and computed. */
interface LabelMethod {
  allocation: Allocation;
  estimator: Estimator;
}

async function labelRun(
  run: RunDirectory,
  opened: OpenedRolloutPolicy,
  source: SolutionSource,
  method: LabelMethod,
  values: LabelValues,
  surroundings: Surroundings,
): Promise<SessionNumbers> {
  await refuseSetAside(run);
  const session = new Session();
  const tally = new LabelTally();
  const file = await openLabelFile(run, tally, values.keepCompletions);
  const { recordsBefore } = file;
  const policy = await opened.load();
  const grader = new Grader();
  try {
    session.loaded();
    const counts = newCounts();
    const stage: LabelStageOptions = {
      policy,
      grader,
      counts,
      signal: surroundings.signal,
      ...method,
      sampling: completionSampling(values),
      etas: values.eta,
      split: parseStepRule(values.split),
      prompt: source.prompt,
      seed: values.seed,
    };
    const solutions = await source.open(run, recordsBefore, stage);
    const records = file.write(solutions, stage);
    const { total } = source;
    const task = { title: "label", policy, records, total, recordsBefore, tally, counts, session };
    return await sampleRecords(task, values, surroundings);
  } finally {
    await grader.dispose();
    await policy.dispose();
  }
}

/** What a worker of the queue is told of this command. */
function workerSettings(source: SolutionSource, method: LabelMethod, values: LabelValues): LabelSettings {
  const { device, dtype, contextLength, seed, split, numSolutions, eta, keepCompletions } = values;
  return {
    unit: source.name === "problems" ? "problem" : "solution",
    policy: { device, dtype: weightsOn(device, dtype), contextLength },
    prompt: source.prompt,
    sampling: { ...solutionSampling(values), stop: [...(values.stop ?? [])] },
    completions: { ...completionSampling(values), stop: [...(values.stop ?? [])] },
    ...method,
    etas: eta,
    ...{ seed, split, numSolutions, keepCompletions },
  };
}

export function runLabel(openPolicy: OpenRolloutPolicy = openRolloutPolicy): Run<typeof labelOptions> {
  return async (values, given, surroundings) => {
    const sourceName = labelSourceOf(given);
    const wantedOut = required("out", values.out, "the run directory");
    const path = required(sourceName, values[sourceName], "a file");
    if (sourceName === "from") {
      const { runRelabel } = await import("./run-relabel.js");
      return runRelabel(
        { ...values, out: wantedOut, from: path, estimator: relabelEstimatorOf(values, given) },
        surroundings,
      );
    }
    refuseIdleQueueFlags(given, values.queue);
    const access =
      values.queue === undefined ? undefined : queueAccessOf({ ...values, queue: values.queue }, "erprm label");
    const method: LabelMethod = {
      allocation: allocationOf(values, given),
      estimator: estimatorOf(values, given),
    };
    const model = policyName(values, given);
    if (access) expectLocalPolicy(model);
    const split = formatStepRule(parseStepRule(values.split));
    const names = labelNames(values.eta);
    const sharded = await shardedRun({ ...values, out: wantedOut }, surroundings);
    const { shard, out } = sharded;
    const source =
      sourceName === "solutions"
        ? await fromFile(path, shard, values, surroundings)
        : await fromProblems(path, shard, values);
    const { opened, identity, freedom } = await openSamplingPolicy(openPolicy, model, values, surroundings);

    const description = {
      stage: "label",
      options: {
        ...identity,
        ...source.prompt,
        ...source.options,
        completions: completionSampling(values),
        ...labelIdentity(method.allocation, method.estimator),
        ...(values.keepCompletions ? { keepCompletions: true } : {}),
        labels: names,
        limit: values.limit,
        split,
        ...shardIdentity(sharded).options,
      },
      freeOptions: freedom,
      seed: values.seed,
      inputs: { [source.name]: source.path },
      models: { policy: opened.fingerprint },
      build: packageBuild(opened.build),
      outputs: [
        "labels.jsonl",
        ...(values.keepCompletions ? [completionsFile] : []),
        ...source.outputs,
        ...(access ? [failedFile] : []),
        ...shardIdentity(sharded).outputs,
      ],
    };
    await withRun(description, { ...values, out }, surroundings, async (run) => {
      await keepProblemList(sharded, run, source.problemIds);
      if (!access) return labelRun(run, opened, source, method, values, surroundings);
      const { units, total } = source;
      const { ackWait: ackWaitSeconds, maxTries, force: startOver, quiet } = values;
      const settings = workerSettings(source, method, values);
      const { labelThroughQueue } = await import("./run-queued.js");
      const how = { ackWaitSeconds, maxTries, startOver, quiet };
      return labelThroughQueue(run, { access, settings, units, total, ...how }, surroundings);
    });
    if (access) {
      const { concludeQueued } = await import("./run-queued.js");
      await concludeQueued(out, access, (text) => note(text, values, surroundings));
    }
    await expectNothingSetAside(out);
  };
}
