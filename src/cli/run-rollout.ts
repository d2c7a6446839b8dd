/** What `erprm rollout` does. */
import { readProblems } from "../data/read-problems.js";
import { readSolutions, solutionKey } from "../data/read-solutions.js";
import { openRolloutPolicy } from "../policy/open-rollout-policy.js";
import { ofShard } from "../shard/select.js";
import type { Shard } from "../shard/shard.js";
import { rolloutStage } from "../stages/rollout.js";
import { newCounts } from "../stages/stage-counts.js";
import { formatStepRule, parseStepRule } from "../text/step-rule.js";
import type { Problem, Solution } from "../types.js";
import type { rolloutOptions } from "./commands/rollout.js";
import { packageBuild } from "./package-build.js";
import { type OpenRolloutPolicy, promptSettings, required, solutionSampling } from "./policy-values.js";
import { sampleRecords } from "./sample-records.js";
import { openSamplingPolicy, policyName } from "./sampling-policy.js";
import { Session } from "./session.js";
import { keepProblemList, shardedRun, shardIdentity } from "./shard/options.js";
import type { Run } from "./stage-command.js";
import { SolutionTally } from "./tally.js";
import { withRun } from "./with-run.js";
import { writing } from "./write-records.js";

/** All problems, or all of the shard, read before the model is: what is wrong with the file is said at once. */
export async function allProblems(path: string, limit: number | undefined, shard?: Shard): Promise<Problem[]> {
  const problems: Problem[] = [];
  const all = readProblems(path, { limit });
  for await (const problem of ofShard(all, shard, ({ id }) => id, path)) problems.push(problem);
  return problems;
}

export function runRollout(openPolicy: OpenRolloutPolicy = openRolloutPolicy): Run<typeof rolloutOptions> {
  return async (values, given, surroundings) => {
    const { signal } = surroundings;
    const model = policyName(values, given);
    const path = required("problems", values.problems, "a file with problems");
    const wantedOut = required("out", values.out, "the run directory");
    const split = parseStepRule(values.split);
    const prompt = promptSettings(values);
    const sampling = solutionSampling(values);
    const { seed, numSolutions, limit } = values;
    const sharded = await shardedRun({ ...values, out: wantedOut }, surroundings);
    const { out } = sharded;
    const problems = await allProblems(path, limit, sharded.shard);
    const { opened, identity, freedom } = await openSamplingPolicy(openPolicy, model, values, surroundings);

    const description = {
      stage: "rollout",
      options: {
        ...identity,
        ...prompt,
        ...sampling,
        numSolutions,
        limit,
        split: formatStepRule(split),
        ...shardIdentity(sharded).options,
      },
      freeOptions: freedom,
      seed,
      inputs: { problems: path },
      models: { policy: opened.fingerprint },
      build: packageBuild(opened.build),
      outputs: ["solutions.jsonl", ...shardIdentity(sharded).outputs],
    };
    await withRun(description, { ...values, out }, surroundings, async (run) => {
      const session = new Session();
      await keepProblemList(
        sharded,
        run,
        problems.map(({ id }) => id),
      );
      const appender = await run.appender<Solution>("solutions.jsonl", solutionKey);
      const skip = appender.numRecords;
      const tally = new SolutionTally();
      if (skip > 0) for await (const solution of readSolutions(appender.path)) tally.add(solution);
      const policy = await opened.load();
      try {
        session.loaded();
        const counts = newCounts();
        const total = problems.length * numSolutions;
        const options = { policy, numSolutions, sampling, split, prompt, seed, skip, counts, signal };
        const records = writing(rolloutStage(problems, options), appender);
        const task = { title: "rollout", policy, records, total, recordsBefore: skip, tally, counts, session };
        return await sampleRecords(task, values, surroundings);
      } finally {
        await policy.dispose();
      }
    });
  };
}
