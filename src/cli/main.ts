#!/usr/bin/env node
/**
 * The command line. Only the module of the command that was named is loaded; every error is one message on standard
 * error and an exit code (`exitCodeOf`).
 */
import { Command, CommanderError } from "commander";
import { ErprmError, exitCodeOf } from "../errors.js";
import { packageVersion } from "./package-build.js";
import type { Surroundings } from "./stage-command.js";
import { processSurroundings } from "./surroundings.js";

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
  import: {
    summary: "read step labels from a format of the field",
    load: async (surroundings) => (await import("./commands/import.js")).importCommand(surroundings),
  },
  export: {
    summary: "write step labels in a format of the field",
    load: async (surroundings) => (await import("./commands/export.js")).exportCommand(surroundings),
  },
  demo: {
    summary: "label a few problems with a small model and show the labels",
    load: async (surroundings) => (await import("./commands/demo.js")).demoCommand(surroundings),
  },
  doctor: {
    summary: "what this machine and this build can do, what is missing, and how to mend it",
    load: async () => (await import("./commands/doctor.js")).doctorCommand(),
  },
};

/** The program with the named command in full and the others by name. */
async function programFor(args: readonly string[], surroundings: Surroundings): Promise<Command> {
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

function messageOf(error: unknown): string {
  if (error instanceof ErprmError && error.code !== "ERPRM_INTERNAL") return error.message;
  if (error instanceof CommanderError) return error.message.replace(/^error: /, "");
  const message = error instanceof Error ? error.message : String(error);
  return `internal error: ${message} (ERPRM_DEBUG=1 shows the stack)`;
}

function report(error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  // Called without a command: the help text was shown on standard error.
  if (error instanceof CommanderError && error.code === "commander.help") return 2;
  process.stderr.write(`erprm: ${messageOf(error)}\n`);
  if (process.env.ERPRM_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return error instanceof CommanderError ? 2 : exitCodeOf(error);
}

/** Waits until what was written has left the process: `process.exit` would drop it where standard output is a pipe. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => resolve());
  });
}

async function main(args: readonly string[]): Promise<number> {
  const surroundings = processSurroundings();
  try {
    const program = await programFor(args, surroundings);
    await program.parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error);
  }
}

process.on("uncaughtException", (error) => process.exit(report(error) || 1));
const exitCode = await main(process.argv.slice(2));
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
process.exit(exitCode);
