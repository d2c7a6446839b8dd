/** The command line as a process. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../../src/native/loader.js";

export interface CliResult {
  /** Null when a signal ended the process. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export const cliProgram = join(packageRoot, "dist/src/cli/main.js");
/** The same commands with a fake policy (fake-cli.ts). */
export const fakeProgram = join(packageRoot, "dist/test/support/fake-cli.js");

export interface RunningCli {
  /** When nobody has its output open any more: neither it nor what it started. */
  result: Promise<CliResult>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when standard error holds the text; rejects when the process ends without. */
  says(text: string): Promise<void>;
  /** All of standard output, when it holds the text; what came when the process ends before. */
  prints(text: string): Promise<string>;
  /** Standard output so far. */
  printed(): string;
}

/** `launcher`: a command that starts the program, in place of Node. */
export function startCli(
  args: readonly string[],
  options: { program?: string; env?: NodeJS.ProcessEnv; launcher?: readonly [string, ...string[]]; cwd?: string } = {},
): RunningCli {
  const [command, ...first] = options.launcher ?? [process.execPath, options.program ?? cliProgram];
  const child = spawn(command, [...first, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    env: { ...process.env, NO_COLOR: "1", ...options.env },
  });
  let stdout = "";
  let stderr = "";
  const waiting: { text: string; resolve: () => void }[] = [];
  const expecting: { text: string; resolve: (all: string) => void }[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    for (const { text: wanted, resolve } of expecting) if (stdout.includes(wanted)) resolve(stdout);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    for (const { text: wanted, resolve } of waiting) if (stderr.includes(wanted)) resolve();
  });
  const result = new Promise<CliResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
  return {
    result,
    kill: (signal) => child.kill(signal),
    printed: () => stdout,
    says: (text) => {
      if (stderr.includes(text)) return Promise.resolve();
      const said = new Promise<void>((resolve) => waiting.push({ text, resolve }));
      const ended = result.then(({ code }) => {
        if (!stderr.includes(text)) throw new Error(`Expected "${text}" before the end (exit code ${code}): ${stderr}`);
      });
      return Promise.race([said, ended]);
    },
    prints: (text) => {
      if (stdout.includes(text)) return Promise.resolve(stdout);
      const printed = new Promise<string>((resolve) => expecting.push({ text, resolve }));
      return Promise.race([printed, result.then((ended) => ended.stdout)]);
    },
  };
}

export function runCli(args: readonly string[], options: Parameters<typeof startCli>[1] = {}): Promise<CliResult> {
  return startCli(args, options).result;
}
