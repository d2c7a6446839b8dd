/** What `erprm train policy` does. */
import { readProblems } from "../../data/read-problems.js";
import { readPlacedSolutions } from "../../data/read-solutions.js";
import { parseStepRule } from "../../text/step-rule.js";
import { policyExamplesFromProblems, policyExamplesFromSolutions } from "../../training/policy-examples.js";
import { nativeSource, type TrainerSource } from "../../training/trainer-source.js";
import type { trainPolicyOptions } from "../commands/train-policy.js";
import { refuseIdleFlags } from "../idle-flags.js";
import type { Run } from "../stage-command.js";
import { take } from "../take.js";
import { inputPrompt } from "./input-prompt.js";
import { oneInput } from "./one-input.js";
import type { TrainPlan } from "./plan.js";
import { runTrain } from "./run-train.js";
import { idleTrainFlags } from "./values.js";
import { quietUnlessFirst } from "./with-ranks.js";

export function runTrainPolicy(source: TrainerSource = nativeSource): Run<typeof trainPolicyOptions> {
  return async (values, given, surroundings) => {
    const { name, path } = oneInput(["problems", "solutions"], values, given);
    refuseIdleFlags(given, [
      { names: ["keep-wrong"], why: "with --problems: their solutions are not graded", when: name === "problems" },
      ...idleTrainFlags(values),
    ]);
    const prompt = await inputPrompt(path, quietUnlessFirst(values), surroundings, { isSampled: name === "solutions" });
    const { limit } = values;
    const onlyCorrect = !values.keepWrong;
    const plan: TrainPlan = {
      kind: "policy",
      inputs: { [name]: path },
      prompt,
      task: ({ text }) => ({
        loss: "next-token",
        options: { ...(name === "solutions" && { onlyCorrect }) },
        examples: (options) => {
          const all = { ...options, text, prompt, rule: parseStepRule(values.split), onlyCorrect };
          return name === "problems"
            ? policyExamplesFromProblems(readProblems(path, { limit }), all)
            : policyExamplesFromSolutions(take(readPlacedSolutions(path), limit), all);
        },
      }),
    };
    await runTrain(plan, values, surroundings, source);
  };
}
