/** The runs of the study: one directory each, so that a study that was interrupted goes on where it was. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { erprm } from "../erprm.mjs";

export const modelName = (target, seed) => `${target.replace(":", "-")}-${seed}`;

const solutionLimits = ["--max-tokens", "256"];

async function problems(path, split, num, seed, { difficulty }) {
  if (existsSync(path)) return;
  const of = ["--split", split, "--num", String(num), "--seed", String(seed), "--difficulty", difficulty];
  await erprm("problems", ...of, "--out", path);
}

/** Warm, so that most mistakes are slips of one sample and not what the policy always does; `min-p` keeps out what is no text. */
const sampling = ({ temperature, minP }) => ["--temperature", String(temperature), "--min-p", String(minP)];

/** Labels of the training problems, and graded candidates of the test problems. */
export async function sample(out, settings) {
  mkdirSync(out, { recursive: true });
  const [training, test] = [join(out, "problems.jsonl"), join(out, "test-problems.jsonl")];
  await problems(training, "train", settings.numProblems, 11, settings);
  await problems(test, "test", settings.numTestProblems, 11, settings);
  const policy = ["--policy", settings.model, ...solutionLimits, ...sampling(settings), "--seed", "1"];
  await erprm(
    ...["label", ...policy, "--problems", training, "--completion-max-tokens", "256", "--out", join(out, "labels")],
    ...["--num-solutions", String(settings.numSolutions), "--num-completions", String(settings.numCompletions)],
  );
  await erprm(
    ...["rollout", ...policy, "--problems", test, "--num-solutions", String(settings.numCandidates)],
    ...["--out", join(out, "candidates")],
  );
}

/** A reward model for each target and seed, and its scores of all candidates. `orm` stands among the targets. */
export async function trainAndScore(out, settings) {
  for (const seed of settings.seeds) {
    for (const target of settings.targets) {
      const model = join(out, "models", modelName(target, seed));
      const data =
        target === "orm"
          ? ["orm", "--solutions", join(out, "labels", "solutions.jsonl")]
          : ["prm", "--labels", join(out, "labels", "labels.jsonl"), "--target", target];
      await erprm(
        ...["train", ...data, "--model", settings.model, "--learning-rate", String(settings.learningRate)],
        ...["--epochs", String(settings.epochs), "--tokens-per-update", String(settings.tokensPerUpdate)],
        ...["--seed", String(seed), "--out", model],
      );
      const scores = join(out, "scores", modelName(target, seed));
      const candidates = join(out, "candidates", "solutions.jsonl");
      await erprm("score", "--reward-model", model, "--solutions", candidates, "--out", scores);
    }
  }
}

export const finetuneName = (selection, seed) => `${selection.replace(":", "-")}-${seed}`;

/**
 * A fine-tuning for each selection and seed at the same budget. A selection is a target, whose reward model of the same seed
 * chooses the highest score of all, as the paper does, or `correct`: all right solutions, no reward model.
 */
export async function finetune(out, settings) {
  // Neither what the reward models learned from nor what they were evaluated on; enough held-out ones to see small gains.
  const [training, heldOut] = [join(out, "finetune-problems.jsonl"), join(out, "held-out-problems.jsonl")];
  await problems(training, "train", settings.numFinetune, 12, settings);
  await problems(heldOut, "test", settings.numHeldOut, 12, settings);
  for (const seed of settings.seeds) {
    for (const selection of settings.selections) {
      const how =
        selection === "correct"
          ? ["--selection", "correct"]
          : ["--selection", "top", "--reward-model", join(out, "models", modelName(selection, seed))];
      await erprm(
        ...["finetune", "--policy", settings.model, "--problems", training, "--held-out-problems", heldOut, ...how],
        ...["--num-rounds", String(settings.numRounds), "--num-solutions", String(settings.numFinetuneSolutions)],
        // Cooler than the candidates: what is chosen has to be better than what the policy writes greedily, or it unlearns.
        ...[...solutionLimits, "--temperature", String(settings.finetuneTemperature), "--divergence-solutions", "1"],
        ...["--keep-policies", "last", "--seed", String(seed)],
        ...["--out", join(out, "finetunings", finetuneName(selection, seed))],
      );
    }
  }
}
