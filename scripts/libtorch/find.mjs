/** Finds a libtorch that is already on this machine. Nothing is downloaded here. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { cacheFolder } from "../cache.mjs";
import { capture } from "../command.mjs";
import { SetupError } from "../setup-error.mjs";
import { inspectLibtorch } from "./inspect.mjs";
import { pinnedVersion } from "./version.mjs";

/** The environment variables that name a libtorch, the first one that is set wins. */
const variables = ["ERPRM_LIBTORCH", "LIBTORCH"];

/** Where a fetched libtorch lives. @param {{ cuda?: boolean, env?: NodeJS.ProcessEnv }} options */
export function cachedLibtorch({ cuda = false, env = process.env } = {}) {
  return join(cacheFolder(env), "libtorch", cuda ? `${pinnedVersion}-cuda` : pinnedVersion);
}

/** A wheel's libtorch keeps the folder `torch`, so that it finds NVIDIA's libraries beside it. */
export function libtorchIn(folder) {
  return (
    [folder, join(folder, "torch"), join(folder, "libtorch")].find((root) => existsSync(join(root, "lib"))) ?? folder
  );
}

/**
 * The folder of the torch of `python3` on the path (so of an active virtual environment), or undefined.
 * Torch is located, not imported: importing takes seconds.
 */
export function pythonTorch(env = process.env) {
  const program =
    "import importlib.util as u; s = u.find_spec('torch'); print(list(s.submodule_search_locations or [''])[0] if s else '')";
  const { status, stdout } = capture("python3", ["-c", program], { env, timeout: 30_000 });
  return status === 0 && stdout.trim() !== "" ? stdout.trim() : undefined;
}

/**
 * Looks at every place in order: ERPRM_LIBTORCH, LIBTORCH, the torch of python3, the cache.
 * `libtorch` is the first usable one; `attempts` says what every place looked at gave, for messages.
 * A variable that names something unusable is an error: it was set on purpose.
 * @param {{ wantCuda?: boolean, env?: NodeJS.ProcessEnv, python?: (env: NodeJS.ProcessEnv) => string | undefined }} options
 */
export function findLibtorch({ wantCuda = false, env = process.env, python = pythonTorch } = {}) {
  const attempts = [];
  const look = (source, folder) => {
    const inspection = inspectLibtorch(libtorchIn(resolve(folder)), { wantCuda });
    attempts.push({ source, ...inspection });
    return "libtorch" in inspection ? { libtorch: { ...inspection.libtorch, source }, attempts } : undefined;
  };

  const variable = variables.find((name) => env[name]);
  if (variable) {
    const found = look(variable, env[variable]);
    if (found) return found;
    throw new SetupError(
      `${variable} is set to ${env[variable]}, but ${attempts[0].problem}. ` +
        `Let it name a folder with libtorch's lib and include, or unset it.`,
    );
  }
  const torch = python(env);
  if (torch === undefined) attempts.push({ source: "python3", problem: "python3 has no torch" });
  const found = torch === undefined ? undefined : look("python3", torch);
  return found ?? look("cache", cachedLibtorch({ cuda: wantCuda, env })) ?? { attempts };
}
