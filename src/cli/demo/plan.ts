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
  /** The run directory that it writes, of parts that write one. */
  run?: string;
  /** What it prints belongs to the results. */
  shows?: true;
}

/** Targets of the process reward models; with them stands the outcome reward model. */
const targets = ["hard", "soft", "er:1"] as const;

const modelName = (target: string) => `prm-${target.replace(":", "-")}`;

/** Reward models by their directories' names, in the order of the tables. */
export const demoModels = [...targets.map(modelName), "orm"];

/** What stands in the demo's directory beside the runs and the report. */
export const demoFiles = ["problems.jsonl", "test-problems.jsonl"] as const;
export const demoReport = "report.html";

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
    ...["problems", "--split", split, "--num", String(num), ...draw, "--out", at(file)],
  ];
  const into = (name: string, part: DemoPart): DemoPart => ({
    ...part,
    args: [...part.args, "--out", at(name)],
    run: at(name),
  });
  const tokens = ["--max-tokens", "256"];
  const models = demoModels.flatMap((name) => ["--reward-model", at(name)]);
  return [
    { title: "problems to learn from", args: problems("train", sizes.numProblems, demoFiles[0]) },
    { title: "problems to measure on", args: problems("test", sizes.numTestProblems, demoFiles[1]) },
    into("labels", {
      title: `solutions, and ${sizes.numCompletions} completions of each of their prefixes`,
      args: [
        ...["label", "--policy", policy, "--problems", at("problems.jsonl"), ...draw, ...common, ...tokens],
        ...["--num-solutions", String(sizes.numSolutions), "--num-completions", String(sizes.numCompletions)],
        ...["--completion-max-tokens", "256", "--keep-completions"],
      ],
    }),
    ...targets.map((target) =>
      into(modelName(target), {
        title: `a process reward model of ${target} labels`,
        args: [
          ...["train", "prm", "--model", policy, "--labels", at("labels", "labels.jsonl"), "--target", target],
          ...[...draw, ...common],
        ],
      }),
    ),
    into("orm", {
      title: "an outcome reward model",
      args: [
        ...["train", "orm", "--model", policy, "--solutions", at("labels", "solutions.jsonl"), ...draw, ...common],
      ],
    }),
    into("candidates", {
      title: `${sizes.numCandidates} candidates of each test problem`,
      args: [
        ...["rollout", "--policy", policy, "--problems", at("test-problems.jsonl"), ...draw, ...common, ...tokens],
        ...["--num-solutions", String(sizes.numCandidates)],
      ],
    }),
    into("test-labels", {
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
        "--keep-completions",
      ],
    }),
    into("evaluation", {
      title: "best of N, votes, and what they are worth",
      args: [
        ...["evaluate", "--solutions", at("candidates", "solutions.jsonl"), ...models, ...draw, ...common],
        ...["--labels", at("test-labels", "labels.jsonl")],
      ],
      shows: true,
    }),
    into("finetune", {
      title: "a round of fine-tuning on the best-scored solutions",
      args: [
        ...["finetune", "--policy", policy, "--problems", at("problems.jsonl")],
        ...["--held-out-problems", at("test-problems.jsonl"), "--reward-model", at(modelName("er:1"))],
        ...["--selection", "top-correct", "--num-rounds", "1", "--num-solutions", String(sizes.numSolutions)],
        ...[...tokens, ...draw, ...common],
      ],
      shows: true,
    }),
    into("scores", {
      title: "scores of the labelled candidates, to be looked at beside their labels",
      args: [
        ...["score", "--reward-model", at(modelName("er:1"))],
        ...["--solutions", at("test-labels", "labels.jsonl"), ...common],
      ],
    }),
    {
      title: "the report",
      args: [
        "report",
        ...["test-labels", "scores", modelName("er:1"), "evaluation", "finetune"].flatMap((name) => [
          "--run",
          at(name),
        ]),
        ...["--title", "erprm demo", "--out", at(demoReport)],
      ],
    },
  ];
}
