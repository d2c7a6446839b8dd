/** npm packages: installed exactly as the lock file says, and only when they differ from it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runLoud } from "../command.mjs";
import { say } from "../progress.mjs";
import { SetupError } from "../setup-error.mjs";

function packagesOf(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}

/**
 * Does node_modules hold what the lock file names? npm keeps a list of what it installed; a time stamp would not do,
 * because a checkout makes the lock file look new.
 */
export function areDependenciesInstalled(root) {
  // An installed package has no lock file: its dependencies came with it.
  if (!existsSync(join(root, "package-lock.json"))) return true;
  const listed = join(root, "node_modules/.package-lock.json");
  if (!existsSync(listed)) return false;
  const installed = packagesOf(listed);
  return Object.entries(packagesOf(join(root, "package-lock.json"))).every(
    ([path, { version, optional }]) =>
      path === "" || (path in installed ? installed[path].version === version : optional),
  );
}

export async function installDependencies(root) {
  if (areDependenciesInstalled(root)) return;
  say("installing npm packages");
  const npm = process.env.npm_execpath;
  const [command, ...args] = npm?.endsWith(".js") ? [process.execPath, npm] : ["npm"];
  const status = await runLoud(command, [...args, "ci", "--include=dev", "--no-audit", "--no-fund"], { cwd: root });
  if (status !== 0) throw new SetupError(`npm ci failed (exit code ${status}); its messages are above`);
}
