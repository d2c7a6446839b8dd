import { spawn } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "./setup.mjs";

/**
 * Runs a command of erprm in a process of its own, its progress on our standard error; resolves to the summary it prints.
 * Rejects when it does not end with exit code 0.
 */
export function erprm(...args) {
  const program = join(packageRoot, "dist", "src", "cli", "main.js");
  const child = spawn(process.execPath, [program, ...args, "--json"], { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    printed += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => {
      if (status === 0) return resolve(JSON.parse(printed.trimEnd().split("\n").at(-1)));
      reject(new Error(`erprm ${args.join(" ")} ended with ${signal ?? `exit code ${status}`}`));
    });
  });
}
