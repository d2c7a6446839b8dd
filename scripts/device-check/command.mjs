/** Commands of a part of a stage: each with what is left of the part's time, its output in the stage's log, its end in errors. */
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { readLines } from "../command.mjs";
import { killSession } from "./session.mjs";

/** A part that could not do its work; the message is its line in the table. `isLate`: because its time was over. */
export class StageFailure extends Error {
  isLate;

  constructor(message, { isLate = false } = {}) {
    super(message);
    this.isLate = isLate;
  }
}

/** Lines of a command that an error repeats. */
const toldLines = 15;

/** How long a killed command may take to be gone: one that hangs in the driver never is. */
const mostSecondsToDie = 10;

const running = new Set();

/** Kills every command that runs, and all that these started. */
export function killCommands() {
  for (const child of running) killSession(child.pid);
}

/**
 * @typedef {{ status: number, signal: string | null, lines: string[] }} Ended
 * @param {{ log: string, cwd: string, deadline: number, keep?: (result: object) => void, secondsToDie?: number }} part
 * `deadline`: by Date.now(); `keep`: is given each result of `measure` as it is printed
 */
export function commandsOf({ log, cwd, deadline, keep = () => {}, secondsToDie = mostSecondsToDie }) {
  /**
   * Runs to its end and resolves to its exit code and the lines of both streams; `onLine` is given each as it comes. Throws
   * StageFailure when the time is over; the command and all that it started are killed then. @returns {Promise<Ended>}
   */
  const run = (command, args, { env = {}, onLine = () => {} } = {}) =>
    new Promise((resolve, reject) => {
      appendFileSync(log, `$ ${[command, ...args].join(" ")}\n`);
      const child = spawn(command, args, {
        cwd,
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true, // in a session of its own, see killSession
      });
      const lines = [];
      const takeLine = (line) => {
        lines.push(line);
        appendFileSync(log, `${line}\n`);
        onLine(line);
      };
      let isLate = false;
      let dying;
      const late = () => new StageFailure(`${command} was stopped: its time was over`, { isLate: true });
      const stop = () => {
        isLate = true;
        killSession(child.pid);
        dying = setTimeout(() => {
          // Nothing of it may keep this process from ending.
          for (const handle of [child.stdout, child.stderr]) handle.destroy();
          child.unref();
          end(() => reject(late()));
        }, secondsToDie * 1000);
      };
      const timer = setTimeout(stop, Math.max(0, deadline - Date.now()));
      const end = (settle) => {
        clearTimeout(timer);
        clearTimeout(dying);
        running.delete(child);
        settle();
      };
      running.add(child);
      for (const stream of [child.stdout, child.stderr]) {
        readLines(stream, (line) => {
          try {
            takeLine(line);
          } catch (error) {
            killSession(child.pid);
            end(() => reject(error));
          }
        });
      }
      child.on("error", (error) => end(() => reject(new StageFailure(`${command} does not start: ${error.message}`))));
      child.on("close", (code, signal) =>
        end(() => (isLate ? reject(late()) : resolve({ status: code ?? 1, signal, lines }))),
      );
    });

  /** Throws StageFailure with the end of what it said unless the command ends with 0. @returns {Promise<string[]>} its lines */
  const expect = async (command, args, options) => {
    const { status, signal, lines } = await run(command, args, options);
    if (status === 0) return lines;
    const end = lines.filter((line) => line.trim() !== "" && !line.startsWith("{")).slice(-toldLines);
    throw new StageFailure(`${command} ended with ${signal ?? status}:\n${end.join("\n")}`);
  };

  /** Keeps the lines that are JSON objects as results, also those of a command that fails later. @returns {Promise<object[]>} */
  const measure = async (command, args, { label = {}, ...options } = {}) => {
    const results = [];
    const onLine = (line) => {
      if (!line.startsWith("{")) return;
      results.push({ ...JSON.parse(line), ...label });
      keep(results.at(-1));
    };
    await expect(command, args, { ...options, onLine });
    return results;
  };

  return { run, expect, measure };
}
