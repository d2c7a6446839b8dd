/** The commands of the demo, in their order: the whole method, small. Each is a command that a user could type. */
import { join } from "node:path";

export interface DemoSizes {
  /** Problems that are labelled and fine-tuned on, and those that everything is measured on. */
  numProblems: number;
  numTestProblems: number;
  /** Solutions of a problem that are labelled, and candidates of a test problem. */
  numSolutions: number;
  numCandidates: number;
  numCompletions: number;
}

export interface DemoPart {
  title: string;
  /** Of erprm, without --json and the like. */
  args: string[];
  /** What it prints belongs to the results. */
  shows?: true;
}

/** Targets of the process reward models; with them stands the outcome reward model. */
const targets = ["hard", "soft", "er:1"] as const;

const modelName = (target: string) => `prm-${target.replace(":", "-")}`;

/** Reward models by their directories' names, in the order of the tables. */
export const demoModels = [...targets.map(modelName), "orm"];

/** Minutes on two cores, yet large enough that the tables say something. */
export const demoSizes: DemoSizes = {
  numProblems: 120,
  numTestProblems: 100,
  numSolutions: 4,
  numCandidates: 16,
  numCompletions: 16,
};

export interface DemoSettings {
  policy: string;
  out: string;
  seed: number;
  sizes: DemoSizes;
  /** Options of every command that computes: threads. */
  common: readonly string[];
}

export function demoPlan({ policy, out, seed, sizes, common }: DemoSettings): DemoPart[] {
  const at = (...names: string[]) => join(out, ...names);
  const draw = ["--seed", String(seed)];
  const problems = (split: string, num: number, file: string) => [
    ...["problems", "--split", split, "--num", String(num), ...draw, "--out", at(file), "--force"],
  ];
  const tokens = ["--max-tokens", "256"];
  const models = demoModels.flatMap((name) => ["--reward-model", at(name)]);
  return [
    { title: "problems to learn from", args: problems("train", sizes.numProblems, "problems.jsonl") },
    { title: "problems to measure on", args: problems("test", sizes.numTestProblems, "test-problems.jsonl") },
    {
      title: `solutions, and ${sizes.numCompletions} completions of each of their prefixes`,
      args: [
        ...["label", "--policy", policy, "--problems", at("problems.jsonl"), ...draw, ...common, ...tokens],
        ...["--num-solutions", String(sizes.numSolutions), "--num-completions", String(sizes.numCompletions)],
        ...["--completion-max-tokens", "256", "--keep-completions", "--out", at("labels")],
      ],
    },
    ...targets.map((target) => ({
      title: `a process reward model of ${target} labels`,
      args: [
        ...["train", "prm", "--model", policy, "--labels", at("labels", "labels.jsonl"), "--target", target],
        ...[...draw, ...common, "--out", at(modelName(target))],
      ],
    })),
    {
      title: "an outcome reward model",
      args: [
        ...["train", "orm", "--model", policy, "--solutions", at("labels", "solutions.jsonl"), ...draw, ...common],
        ...["--out", at("orm")],
      ],
    },
    {
      title: `${sizes.numCandidates} candidates of each test problem`,
      args: [
        ...["rollout", "--policy", policy, "--problems", at("test-problems.jsonl"), ...draw, ...common, ...tokens],
        ...["--num-solutions", String(sizes.numCandidates), "--out", at("candidates")],
      ],
    },
    {
      // Of the first candidate of each: what nothing was trained on, for step scores to be held against.
      title: `${sizes.numCompletions} completions of the prefixes of a candidate of each`,
      args: [
        ...["label", "--policy", policy, "--problems", at("test-problems.jsonl"), ...draw, ...common, ...tokens],
        ...[
          "--num-solutions",
          "1",
          "--num-completions",
          String(sizes.numCompletions),
          "--completion-max-tokens",
          "256",
        ],
        ...["--keep-completions", "--out", at("test-labels")],
      ],
    },
    {
      title: "best of N, votes, and what they are worth",
      args: [
        ...["evaluate", "--solutions", at("candidates", "solutions.jsonl"), ...models, ...draw, ...common],
        ...["--labels", at("test-labels", "labels.jsonl"), "--out", at("evaluation")],
      ],
      shows: true,
    },
    {
      title: "a round of fine-tuning on the best-scored solutions",
      args: [
        ...["finetune", "--policy", policy, "--problems", at("problems.jsonl")],
        ...["--held-out-problems", at("test-problems.jsonl"), "--reward-model", at(modelName("er:1"))],
        ...["--selection", "top-correct", "--num-rounds", "1", "--num-solutions", String(sizes.numSolutions)],
        ...[...tokens, ...draw, ...common, "--out", at("finetune")],
      ],
      shows: true,
    },
    {
      title: "scores of the labelled candidates, to be looked at beside their labels",
      args: [
        ...[
          "score",
          "--reward-model",
          at(modelName("er:1")),
          "--solutions",
          at("test-labels", "labels.jsonl"),
          ...common,
        ],
        ...["--out", at("scores")],
      ],
    },
    {
      title: "the report",
      args: [
        "report",
        ...["test-labels", "scores", modelName("er:1"), "evaluation", "finetune"].flatMap((name) => [
          "--run",
          at(name),
        ]),
        ...["--title", "erprm demo", "--out", at("report.html"), "--force"],
      ],
    },
  ];
}
