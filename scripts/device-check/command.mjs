/** Commands of a stage: each with what is left of the stage's time, its output in the stage's log, its end in errors. */
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";

/** A stage that could not do its work; the message is its line in the table. */
export class StageFailure extends Error {}

/** Lines of a command that an error repeats. */
const toldLines = 15;

/**
 * @typedef {{ status: number, lines: string[] }} Ended
 * @param {{ log: string, cwd: string, deadline: number }} stage `deadline`: by Date.now()
 */
export function commandsOf({ log, cwd, deadline }) {
  /**
   * Runs to its end and resolves to its exit code and the lines of both streams. Throws StageFailure when the time is over; the
   * command and all that it started are killed then. @returns {Promise<Ended>}
   */
  const run = (command, args, { env = {} } = {}) =>
    new Promise((resolve, reject) => {
      appendFileSync(log, `$ ${[command, ...args].join(" ")}\n`);
      const child = spawn(command, args, {
        cwd,
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      });
      let text = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8");
        stream.on("data", (part) => {
          text += part;
          appendFileSync(log, part);
        });
      }
      let isLate = false;
      const timer = setTimeout(
        () => {
          isLate = true;
          process.kill(-child.pid, "SIGKILL");
        },
        Math.max(0, deadline - Date.now()),
      );
      child.on("error", (error) => {
        clearTimeout(timer);
        reject(new StageFailure(`${command} does not start: ${error.message}`));
      });
      child.on("close", (code, signal) => {
        clearTimeout(timer);
        if (isLate) reject(new StageFailure(`${command} was stopped: the stage's time was over`));
        else resolve({ status: code ?? 1, signal, lines: text.split("\n") });
      });
    });

  /** Throws StageFailure with the end of what it said unless the command ends with 0. @returns {Promise<string[]>} its lines */
  const expect = async (command, args, options) => {
    const { status, signal, lines } = await run(command, args, options);
    if (status === 0) return lines;
    const end = lines.filter((line) => line.trim() !== "").slice(-toldLines);
    throw new StageFailure(`${command} ended with ${signal ?? status}:\n${end.join("\n")}`);
  };

  /** The lines that are JSON objects. */
  const expectJson = async (command, args, options) =>
    (await expect(command, args, options)).filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));

  return { run, expect, expectJson };
}
