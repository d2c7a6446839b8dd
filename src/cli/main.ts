#!/usr/bin/env node
/** The command line: every error is one message on standard error and an exit code (`exitCodeOf`). */
import { CommanderError } from "commander";
import { ErprmError, exitCodeOf, memoryError } from "../errors.js";
import { programFor } from "./program.js";
import { processSurroundings } from "./surroundings.js";

function messageOf(error: unknown): string {
  if (error instanceof ErprmError && error.code !== "ERPRM_INTERNAL") return error.message;
  if (error instanceof CommanderError) return error.message.replace(/^error: /, "");
  const message = error instanceof Error ? error.message : String(error);
  return `internal error: ${message} (ERPRM_DEBUG=1 shows the stack)`;
}

function report(thrown: unknown): number {
  const error = memoryError(thrown) ?? thrown;
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
