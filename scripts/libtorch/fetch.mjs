/** Fetches the pinned libtorch into the cache: through pip, or over HTTPS. */
import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fillFolder } from "../fetch/staging.mjs";
import { unzip } from "../fetch/zip.mjs";
import { megabytes, progressLine, say } from "../progress.mjs";
import { SetupError } from "../setup-error.mjs";
import { fetchArchive } from "./fetch-archive.mjs";
import { installCudaWheels } from "./fetch-cuda.mjs";
import { fetchWheel } from "./fetch-wheel.mjs";
import { cachedLibtorch, libtorchIn } from "./find.mjs";
import { inspectLibtorch } from "./inspect.mjs";
import { pinnedVersion } from "./version.mjs";

/** Of a wheel (`torch/...`) or an archive (`libtorch/...`): lib, include and share, without the first folder. */
export function placeInLibtorch(name) {
  return /^(?:lib)?torch\/((?:lib|include|share)\/.+)$/.exec(name)?.[1];
}

function expectUsable(folder, wantCuda) {
  const inspection = inspectLibtorch(libtorchIn(folder), { wantCuda });
  if ("problem" in inspection) throw new SetupError(`what was fetched is no usable libtorch: ${inspection.problem}`);
}

async function unpackInto(folder, archive) {
  const line = progressLine((done, total) => `unpacking ${megabytes(done)} of ${megabytes(total)}`);
  await unzip(archive, folder, placeInLibtorch, (done, total) => line.update(done, total));
  line.end();
}

/** The ways to fill a folder with libtorch, in order; each resolves to {} or {problem}. */
function waysToFill(downloads, options) {
  const unpacked = (fetchTo) => async (folder) => {
    const { archive, problem } = await fetchTo(folder);
    if (!archive) return { problem };
    await unpackInto(folder, archive);
    rmSync(archive);
    rmSync(join(folder, "wheel"), { recursive: true, force: true });
    return {};
  };
  const archive = unpacked(() => fetchArchive(downloads, options));
  const pip = options.cuda ? installCudaWheels : unpacked((folder) => fetchWheel(join(folder, "wheel")));
  // A mirror or a URL is set on purpose, so it goes before pip.
  if (options.url) return [archive];
  return options.mirror ? [archive, pip] : [pip, archive];
}

/**
 * Returns the folder of the pinned libtorch, after fetching it. Throws SetupError with every way that was tried.
 * Environment: ERPRM_LIBTORCH_MIRROR (a server with the official paths), ERPRM_LIBTORCH_URL (one archive or wheel),
 * ERPRM_LIBTORCH_SHA256 (its checksum).
 * @param {{ cuda?: boolean, mirror?: string, url?: string, sha256?: string, env?: NodeJS.ProcessEnv }} options
 */
export async function fetchLibtorch({ cuda = false, env = process.env, ...options } = {}) {
  const target = cachedLibtorch({ cuda, env });
  const downloads = join(dirname(target), "downloads");
  const from = {
    cuda,
    mirror: options.mirror ?? env.ERPRM_LIBTORCH_MIRROR,
    url: options.url ?? env.ERPRM_LIBTORCH_URL,
    sha256: options.sha256 ?? env.ERPRM_LIBTORCH_SHA256,
  };
  rmSync(target, { recursive: true, force: true });
  await fillFolder(target, async (folder) => {
    const problems = [];
    for (const fill of waysToFill(downloads, from)) {
      const { problem } = await fill(folder);
      if (problem === undefined) return expectUsable(folder, cuda);
      say(`that did not work: ${problem}`);
      problems.push(problem);
      for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
    }
    throw new SetupError(
      `libtorch ${pinnedVersion} could not be fetched.\n${problems.map((problem) => `  - ${problem}`).join("\n")}\n` +
        `Set ERPRM_LIBTORCH to a libtorch of your own (pip install torch; the folder that holds its lib and include), ` +
        `or ERPRM_LIBTORCH_MIRROR to a server that has the official files.`,
    );
  });
  say(`libtorch ${pinnedVersion} is in ${target}`);
  return target;
}
