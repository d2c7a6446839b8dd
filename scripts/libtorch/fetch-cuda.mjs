/** The pinned CUDA build through pip, with NVIDIA's libraries beside it: without them it does not load. */
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runLoud } from "../command.mjs";
import { hasPip } from "../fetch/pip.mjs";
import { say } from "../progress.mjs";
import { pinnedVersion } from "./version.mjs";

/** Of each installed folder that is kept, what is kept of it. torch looks for NVIDIA's libraries in ../../nvidia. */
const kept = { torch: ["lib", "include", "share"], nvidia: undefined };

function keepOnly(folder, names) {
  for (const name of readdirSync(folder)) {
    if (!names.includes(name)) rmSync(join(folder, name), { recursive: true });
  }
}

/** Fills `folder` with `torch` and `nvidia`. Resolves to {} or {problem}. */
export async function installCudaWheels(folder) {
  if (!hasPip()) return { problem: "python3 has no pip" };
  // Three equals signs leave out builds with a local version, such as +cpu.
  const requirement = `torch===${pinnedVersion}`;
  say(`pip downloads ${requirement} with NVIDIA's libraries (about 3 GB)`);
  const site = join(folder, "site");
  mkdirSync(site);
  const status = await runLoud("python3", [
    ...[
      "-m",
      "pip",
      "install",
      "--target",
      site,
      "--no-compile",
      "--only-binary=:all:",
      "--no-warn-conflicts",
      requirement,
    ],
  ]);
  if (status !== 0) return { problem: `pip could not install ${requirement} (exit code ${status}); see above` };
  for (const [name, parts] of Object.entries(kept)) {
    renameSync(join(site, name), join(folder, name));
    if (parts) keepOnly(join(folder, name), parts);
  }
  rmSync(site, { recursive: true });
  return {};
}
