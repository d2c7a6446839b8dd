/** The commands of the program as objects, for tests that parse command lines without running them. */
import type { Command } from "commander";
import { demoCommand } from "../../src/cli/commands/demo.js";
import { doctorCommand } from "../../src/cli/commands/doctor.js";
import { evaluateCommand } from "../../src/cli/commands/evaluate.js";
import { exportCommand } from "../../src/cli/commands/export.js";
import { finetuneCommand } from "../../src/cli/commands/finetune.js";
import { importCommand } from "../../src/cli/commands/import.js";
import { labelCommand } from "../../src/cli/commands/label.js";
import { mergeCommand } from "../../src/cli/commands/merge.js";
import { problemsCommand } from "../../src/cli/commands/problems.js";
import { reportCommand } from "../../src/cli/commands/report.js";
import { rolloutCommand } from "../../src/cli/commands/rollout.js";
import { scoreCommand } from "../../src/cli/commands/score.js";
import { searchCommand } from "../../src/cli/commands/search.js";
import { serveCommand } from "../../src/cli/commands/serve.js";
import { trainCommand } from "../../src/cli/commands/train.js";
import { workerCommand } from "../../src/cli/commands/worker.js";

const silent = { write: () => true };
const { signal } = new AbortController();
const surroundings = { signal, readerGone: signal, stdout: silent, stderr: silent };

/** New objects at every call: a command keeps what it parsed. Errors are thrown, nothing is printed. */
export function cliCommands(): Record<string, Command> {
  const commands = [
    problemsCommand,
    rolloutCommand,
    labelCommand,
    trainCommand,
    scoreCommand,
    workerCommand,
    mergeCommand,
    evaluateCommand,
    finetuneCommand,
    searchCommand,
    serveCommand,
    reportCommand,
    importCommand,
    exportCommand,
    demoCommand,
    doctorCommand,
  ].map((make) =>
    make(surroundings)
      .exitOverride()
      .configureOutput({ outputError: () => {}, writeErr: () => {} }),
  );
  return Object.fromEntries(commands.map((command) => [command.name(), command]));
}

/** The command that the words begin with, and the words behind its name; undefined when there is none. */
export function commandOf([name = "", ...words]: readonly string[]): { command: Command; words: string[] } | undefined {
  const command = cliCommands()[name];
  if (!command || command.commands.length === 0) return command && { command, words };
  const inner = command.commands.find((one) => one.name() === words[0]);
  return inner && { command: inner, words: words.slice(1) };
}

/** Every command that does something. */
export function innermostCommands(): Command[] {
  return Object.values(cliCommands()).flatMap((command) =>
    command.commands.length > 0 ? [...command.commands] : [command],
  );
}
