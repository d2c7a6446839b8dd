/** A process that is started again whenever it dies, as a scheduler or systemd would. */
import { spawn } from "node:child_process";

export class Supervised {
  #child;
  #wanted = true;
  #waiting = [];
  /** What it said last on standard error. */
  lastWords = "";

  /** `isDone(code)`: with this exit code it is not started again. */
  constructor(command, args, { env = {}, isDone = () => false } = {}) {
    this.command = command;
    this.args = args;
    this.env = env;
    this.isDone = isDone;
    this.#start();
  }

  #start() {
    const child = spawn(this.command, this.args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...this.env },
    });
    this.#child = child;
    child.stderr.setEncoding("utf8").on("data", (text) => {
      this.lastWords = (this.lastWords + text).slice(-2000);
    });
    child.once("error", (error) => this.#end(error));
    child.once("close", (code, signal) => {
      if (signal === null && this.isDone(code)) this.#end(undefined, code);
      // A moment between two lives: what fails at once must not be started a thousand times.
      else if (this.#wanted) setTimeout(() => this.#wanted && this.#start(), 100);
    });
  }

  #end(error, code) {
    this.#wanted = false;
    if (error && this.#waiting.length === 0) throw error;
    this.exitCode = code;
    for (const { resolve, reject } of this.#waiting) error ? reject(error) : resolve(code);
  }

  get isOver() {
    return this.exitCode !== undefined;
  }

  /** SIGKILL; it comes back. */
  kill() {
    this.#child.kill("SIGKILL");
  }

  /** Resolves to the exit code with which it was done. */
  done() {
    if (this.isOver) return Promise.resolve(this.exitCode);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** For good. */
  stop() {
    this.#wanted = false;
    this.#child.kill("SIGKILL");
  }
}
