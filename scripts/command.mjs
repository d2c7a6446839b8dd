import { spawn, spawnSync } from "node:child_process";

/** Runs a command to its end and returns {status, stdout, stderr}; status is null when it cannot be started. */
export function capture(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 * 2 ** 20, ...options });
  return { status: result.status, stdout: result.stdout ?? "", stderr: result.stderr ?? "", error: result.error };
}

/** Gives whole lines of a stream to `onLine`, the last one also without its end. */
export function readLines(stream, onLine) {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (part) => {
    const lines = (rest + part).split("\n");
    rest = lines.pop();
    for (const line of lines) onLine(line);
  });
  stream.on("end", () => rest && onLine(rest));
}

/**
 * Runs a command, gives every line it prints (both streams) to `onLine` and resolves to its exit code
 * (1 when a signal ended it). Rejects when the command cannot be started.
 */
export function runLines(command, args, { onLine, ...options }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) readLines(stream, onLine);
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/** Runs a command with its output on our standard error; resolves to its exit code. */
export function runLoud(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", 2, 2] });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}
