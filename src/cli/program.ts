/** The program: its commands in the order of the pipeline. Only the module of the command that was named is loaded. */
import { Command } from "commander";
import { packageVersion } from "./package-build.js";
import type { Surroundings } from "./stage-command.js";

interface CommandEntry {
  summary: string;
  load: (surroundings: Surroundings) => Promise<Command>;
}

/** In the order of the pipeline. */
const commands: Record<string, CommandEntry> = {
  problems: {
    summary: "generate arithmetic word problems with worked solutions",
    load: async (surroundings) => (await import("./commands/problems.js")).problemsCommand(surroundings),
  },
  rollout: {
    summary: "sample solutions of problems, cut them into steps, grade them",
    load: async (surroundings) => (await import("./commands/rollout.js")).rolloutCommand(surroundings),
  },
  label: {
    summary: "label the steps of solutions by completing every prefix",
    load: async (surroundings) => (await import("./commands/label.js")).labelCommand(surroundings),
  },
  train: {
    summary: "train a policy, a process or an outcome reward model",
    load: async (surroundings) => (await import("./commands/train.js")).trainCommand(surroundings),
  },
  score: {
    summary: "score the steps of solutions with a reward model",
    load: async (surroundings) => (await import("./commands/score.js")).scoreCommand(surroundings),
  },
  worker: {
    summary: "work for a run on another machine: erprm label --queue",
    load: async (surroundings) => (await import("./commands/worker.js")).workerCommand(surroundings),
  },
  merge: {
    summary: "put the shards of a run together: rollout, label or score with --shard",
    load: async (surroundings) => (await import("./commands/merge.js")).mergeCommand(surroundings),
  },
  evaluate: {
    summary: "how well reward models choose among solutions, with intervals and paired comparisons",
    load: async (surroundings) => (await import("./commands/evaluate.js")).evaluateCommand(surroundings),
  },
  finetune: {
    summary: "fine-tune a policy on its own best solutions, round by round (RAFT)",
    load: async (surroundings) => (await import("./commands/finetune.js")).finetuneCommand(surroundings),
  },
  search: {
    summary: "search for solutions step by step, guided by a reward model",
    load: async (surroundings) => (await import("./commands/search.js")).searchCommand(surroundings),
  },
  serve: {
    summary: "answer over HTTP: step scores, grades, completions",
    load: async (surroundings) => (await import("./commands/serve.js")).serveCommand(surroundings),
  },
  report: {
    summary: "show runs as one HTML page: curves, calibration, rounds, and every step of the solutions",
    load: async (surroundings) => (await import("./commands/report.js")).reportCommand(surroundings),
  },
  import: {
    summary: "read step labels from a format of the field",
    load: async (surroundings) => (await import("./commands/import.js")).importCommand(surroundings),
  },
  export: {
    summary: "write step labels in a format of the field",
    load: async (surroundings) => (await import("./commands/export.js")).exportCommand(surroundings),
  },
  demo: {
    summary: "the whole method in minutes: problems, labels, reward models, best of N, fine-tuning",
    load: async (surroundings) => (await import("./commands/demo.js")).demoCommand(surroundings),
  },
  doctor: {
    summary: "what this machine and this build can do, what is missing, and how to mend it",
    load: async () => (await import("./commands/doctor.js")).doctorCommand(),
  },
};

/** The program with the named command in full and the others by name. */
export async function programFor(args: readonly string[], surroundings: Surroundings): Promise<Command> {
  const program = new Command("erprm")
    .description(
      "Process reward models: a policy rolls out, completions of every prefix give labels, labels train a model.",
    )
    .version(packageVersion())
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  const named = args.find((arg) => !arg.startsWith("-") && arg !== "help");
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = name === named ? await load(surroundings) : new Command(name).description(summary);
    program.addCommand(command.copyInheritedSettings(program));
    for (const inner of command.commands) inner.copyInheritedSettings(command);
  }
  return program;
}
