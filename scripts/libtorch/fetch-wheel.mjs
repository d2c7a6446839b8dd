/** The pinned CPU wheel through pip. */
import { mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { sha256Of } from "../fetch/checksum.mjs";
import { hasPip, pipDownload } from "../fetch/pip.mjs";
import { say } from "../progress.mjs";
import { knownChecksums, officialServer, pipPlatform } from "./sources.mjs";
import { pinnedVersion } from "./version.mjs";

/**
 * Downloads the wheel into the new folder `folder`: first from the indexes pip is set up with, then from the official one.
 * Resolves to {archive} or {problem}. A CUDA wheel is never taken: without NVIDIA's libraries it does not load.
 */
export async function fetchWheel(folder) {
  if (!hasPip()) return { problem: "python3 has no pip" };
  const requirement = `torch==${pinnedVersion}+cpu`;
  const problems = [];
  for (const [where, index] of [
    ["the configured index", []],
    ["the official index", ["--index-url", `${officialServer}/whl/cpu`]],
  ]) {
    say(`pip downloads ${requirement} (about 190 MB) from ${where}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const { wheel, problem } = await pipDownload(requirement, folder, [...pipPlatform, ...index]);
    if (!wheel) {
      problems.push(`${where}: ${problem}`);
      continue;
    }
    const expected = knownChecksums[basename(wheel)];
    if (!expected) {
      say(`no checksum of ${basename(wheel)} is pinned here; pip checked the one of the index`);
      return { archive: wheel };
    }
    const found = await sha256Of(wheel);
    if (found === expected) return { archive: join(folder, basename(wheel)) };
    problems.push(`${where}: ${basename(wheel)} has SHA-256 ${found}, expected ${expected}`);
  }
  return { problem: problems.join("; ") };
}
