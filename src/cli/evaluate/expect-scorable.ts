/**
 * What a reward model is to score in an evaluation must all be fit for it: one solution less would change what is compared.
 * Checked before any model scores, which may take hours, and so that one message names every one that has to go.
 */
import type { Placed } from "../../data/placed.js";
import { ErprmError } from "../../errors.js";
import { abortedError } from "../../policy/native-call.js";
import type { OpenedRewardModel } from "../../reward/reward-model.js";
import { Progress } from "../progress.js";
import { unfitText } from "../score/unfit-solutions.js";
import type { Surroundings } from "../stage-command.js";

const numNamed = 10;

export interface SolutionToCheck {
  problemId: string;
  index: number;
  question: string;
  steps: readonly string[];
}

export interface ScorableCheck {
  /** As the evaluation calls the model. */
  model: string;
  solutions: AsyncIterable<Placed<SolutionToCheck>>;
  numSolutions: number;
}

/** @throws ERPRM_INVALID_DATA {file, line, numUnfit} for solutions that `RewardModel.unfit` has a reason for; ERPRM_ABORTED */
export async function expectScorable(
  rewardModel: Pick<OpenedRewardModel, "unfit">,
  { model, solutions, numSolutions }: ScorableCheck,
  { quiet }: { quiet: boolean },
  { signal, stderr }: Pick<Surroundings, "signal" | "stderr">,
): Promise<void> {
  const title = `check for ${model}`;
  const progress = new Progress({ title, unit: "solutions", total: numSolutions, quiet, stream: stderr });
  const described: string[] = [];
  let first: Placed<SolutionToCheck>["place"];
  let numChecked = 0;
  let numUnfit = 0;
  try {
    for await (const solution of solutions) {
      if (signal.aborted) throw abortedError(signal);
      progress.update(numChecked);
      numChecked += 1;
      const reason = rewardModel.unfit({ question: solution.question, steps: [...solution.steps] });
      if (reason === undefined) continue;
      numUnfit += 1;
      const { place = { file: "the solutions", line: numChecked } } = solution;
      first ??= place;
      if (described.length < numNamed) described.push(unfitText({ ...solution, place }, reason));
    }
  } finally {
    progress.end();
  }
  if (numUnfit === 0) return;
  const more = numUnfit > described.length ? ` and ${numUnfit - described.length} others` : "";
  throw new ErprmError(
    "ERPRM_INVALID_DATA",
    `Expected solutions that ${model} can score, found ${numUnfit} of ${numChecked} that it cannot: ${described.join(", ")}${more}; an evaluation leaves nothing out by itself: take them out of the file, and score with every model what is left`,
    { ...first, numUnfit },
  );
}
