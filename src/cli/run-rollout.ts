/** What `erprm rollout` does. */
import { readProblems } from "../data/read-problems.js";
import { readSolutions, solutionKey } from "../data/read-solutions.js";
import { Policy } from "../policy/policy.js";
import { rolloutStage } from "../stages/rollout.js";
import { newCounts } from "../stages/stage-counts.js";
import { formatStepRule, parseStepRule } from "../text/step-rule.js";
import type { Problem, Solution } from "../types.js";
import type { rolloutOptions } from "./commands/rollout.js";
import { packageBuild } from "./package-build.js";
import {
  type OpenRolloutPolicy,
  policyFreedom,
  policyIdentity,
  policyOptionsOf,
  promptSettings,
  required,
  solutionSampling,
} from "./policy-values.js";
import { sampleRecords } from "./sample-records.js";
import { Session } from "./session.js";
import type { Run } from "./stage-command.js";
import { SolutionTally } from "./tally.js";
import { note, withRun } from "./with-run.js";
import { writing } from "./write-records.js";

/** All problems, read before the model is: what is wrong with the file is said at once. */
export async function allProblems(path: string, limit: number | undefined): Promise<Problem[]> {
  const problems: Problem[] = [];
  for await (const problem of readProblems(path, { limit })) problems.push(problem);
  return problems;
}

export function runRollout(openPolicy: OpenRolloutPolicy = Policy.open): Run<typeof rolloutOptions> {
  return async (values, _given, surroundings) => {
    const { signal } = surroundings;
    const model = required("policy", values.policy, "a model directory or a .gguf file");
    const path = required("problems", values.problems, "a file with problems");
    const out = required("out", values.out, "the run directory");
    const split = parseStepRule(values.split);
    const prompt = promptSettings(values);
    const sampling = solutionSampling(values);
    const { seed, numSolutions, limit } = values;
    const problems = await allProblems(path, limit);
    const opened = await openPolicy(model, policyOptionsOf(values, signal));
    for (const text of opened.notes) note(text, values, surroundings);

    const description = {
      stage: "rollout",
      options: {
        ...policyIdentity(values),
        ...prompt,
        ...sampling,
        numSolutions,
        limit,
        split: formatStepRule(split),
      },
      freeOptions: policyFreedom(values),
      seed,
      inputs: { problems: path },
      models: { policy: opened.fingerprint },
      build: packageBuild(opened.build),
      outputs: ["solutions.jsonl"],
    };
    await withRun(description, { ...values, out }, surroundings, async (run) => {
      const session = new Session();
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
