/** pip as a downloader of wheels: it knows the user's indexes, proxies and certificates, and checks the index's hashes. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { capture, runLines } from "../command.mjs";

/** Is there a pip for python3? */
export function hasPip() {
  return capture("python3", ["-m", "pip", "--version"]).status === 0;
}

/**
 * Downloads one wheel without its dependencies into `folder` (which holds no other). Extra arguments go to pip.
 * Resolves to {wheel} with its path, or {problem} with what pip said.
 */
export async function pipDownload(requirement, folder, args = []) {
  const said = [];
  const status = await runLines(
    "python3",
    ["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--dest", folder, ...args, requirement],
    { onLine: (line) => said.push(line), env: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: "1" } },
  );
  const wheel = readdirSync(folder).find((name) => name.endsWith(".whl"));
  if (status === 0 && wheel) return { wheel: join(folder, wheel) };
  const errors = said.filter((line) => line.startsWith("ERROR"));
  return { problem: (errors.length > 0 ? errors : said.slice(-3)).join(" ") || `pip ended with ${status}` };
}
