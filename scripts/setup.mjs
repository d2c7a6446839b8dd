/** Everything between a fresh clone and a working addon. Without changes a second run takes about a second. */
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fetchLibtorch } from "./libtorch/fetch.mjs";
import { findLibtorch, libtorchIn } from "./libtorch/find.mjs";
import { inspectLibtorch } from "./libtorch/inspect.mjs";
import { say } from "./progress.mjs";
import { buildAddon } from "./setup/addon.mjs";
import { chooseArchitectures, chooseCuda } from "./setup/choice.mjs";
import { installDependencies } from "./setup/dependencies.mjs";
import { readSetupOptions, setupHelp } from "./setup/options.mjs";
import { expectTools, nodeTool } from "./setup/toolchain.mjs";
import { compileTypeScript } from "./setup/typescript.mjs";
import { runScript, SetupError } from "./setup-error.mjs";

export const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)));

async function libtorchFor(options) {
  const cuda = chooseCuda(packageRoot, options);
  const { libtorch, attempts } = findLibtorch({ wantCuda: cuda });
  if (libtorch) return libtorch;
  for (const { source, problem } of attempts) say(`no libtorch from ${source}: ${problem}`);
  const inspection = inspectLibtorch(libtorchIn(await fetchLibtorch({ ...options, cuda })), { wantCuda: cuda });
  if ("problem" in inspection) throw new SetupError(inspection.problem);
  return inspection.libtorch;
}

/** @param {{ cuda?: boolean, cpu?: boolean, cudaArchitectures?: string, mirror?: string, url?: string, sha256?: string }} options */
export async function setUp(options = {}) {
  expectTools([nodeTool()]);
  await installDependencies(packageRoot);
  const libtorch = await libtorchFor(options);
  await buildAddon(packageRoot, libtorch, { architectures: chooseArchitectures(packageRoot, options) });
  await compileTypeScript(packageRoot);
  return libtorch;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await runScript(async () => {
    const options = readSetupOptions(process.argv.slice(2));
    if (options.help) {
      process.stdout.write(setupHelp);
      return;
    }
    const { root, version, cuda } = await setUp(options);
    say(`ready: libtorch ${version} (${cuda ? "CUDA" : "CPU"} build) in ${root}`);
  });
}
