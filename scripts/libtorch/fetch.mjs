/** Fetches the pinned libtorch into the cache: through pip, or over HTTPS. */
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fillFolder } from "../fetch/staging.mjs";
import { unzip } from "../fetch/zip.mjs";
import { megabytes, progressLine, say } from "../progress.mjs";
import { SetupError } from "../setup-error.mjs";
import { fetchArchive } from "./fetch-archive.mjs";
import { fetchWheel } from "./fetch-wheel.mjs";
import { cachedLibtorch, libtorchIn } from "./find.mjs";
import { inspectLibtorch } from "./inspect.mjs";
import { pinnedVersion } from "./version.mjs";

/** Of a wheel (`torch/...`) or an archive (`libtorch/...`): lib, include and share, without the first folder. */
export function placeInLibtorch(name) {
  return /^(?:lib)?torch\/((?:lib|include|share)\/.+)$/.exec(name)?.[1];
}

async function unpack(archive, target) {
  const line = progressLine((done, total) => `unpacking ${megabytes(done)} of ${megabytes(total)}`);
  await fillFolder(target, async (folder) => {
    await unzip(archive, folder, placeInLibtorch, (done, total) => line.update(done, total));
    line.end();
    const inspection = inspectLibtorch(libtorchIn(folder));
    if ("problem" in inspection) throw new SetupError(`what was fetched is no usable libtorch: ${inspection.problem}`);
  });
}

/** A mirror or a URL is set on purpose, so it goes before pip; CUDA builds come over HTTPS, with their libraries. */
function inOrder(folder, wheelFolder, options) {
  const wheel = () => fetchWheel(wheelFolder);
  const archive = () => fetchArchive(folder, options);
  if (options.cuda || options.url) return [archive];
  return options.mirror ? [archive, wheel] : [wheel, archive];
}

/**
 * Returns the folder of the pinned libtorch, after fetching it. Throws SetupError with every way that was tried.
 * Environment: ERPRM_LIBTORCH_MIRROR (a server with the official paths), ERPRM_LIBTORCH_URL (one archive or wheel),
 * ERPRM_LIBTORCH_SHA256 (its checksum).
 * @param {{ cuda?: boolean, mirror?: string, url?: string, sha256?: string, env?: NodeJS.ProcessEnv }} options
 */
export async function fetchLibtorch({ cuda = false, env = process.env, ...options } = {}) {
  const target = cachedLibtorch({ cuda, env });
  const folder = join(dirname(target), "downloads");
  mkdirSync(folder, { recursive: true });
  const from = {
    cuda,
    mirror: options.mirror ?? env.ERPRM_LIBTORCH_MIRROR,
    url: options.url ?? env.ERPRM_LIBTORCH_URL,
    sha256: options.sha256 ?? env.ERPRM_LIBTORCH_SHA256,
  };
  const problems = [];
  const wheelFolder = join(folder, `wheel-${process.pid}`);
  try {
    for (const attempt of inOrder(folder, wheelFolder, from)) {
      const { archive, problem } = await attempt();
      if (!archive) {
        problems.push(problem);
        continue;
      }
      rmSync(target, { recursive: true, force: true });
      await unpack(archive, target);
      rmSync(archive);
      say(`libtorch ${pinnedVersion} is in ${target}`);
      return target;
    }
  } finally {
    rmSync(wheelFolder, { recursive: true, force: true });
  }
  throw new SetupError(
    `libtorch ${pinnedVersion} could not be fetched.\n${problems.map((problem) => `  - ${problem}`).join("\n")}\n` +
      `Set ERPRM_LIBTORCH to a libtorch of your own (pip install torch; the folder that holds its lib and include), ` +
      `or ERPRM_LIBTORCH_MIRROR to a server that has the official files.`,
  );
}
