/** Loads the native addon of this package: the only place that knows where it lies. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ErprmError, memoryError } from "../errors.js";
import type { NativeAddon } from "./contract.js";

/** The folder of this package's package.json. */
export const packageRoot = findPackageRoot(dirname(fileURLToPath(import.meta.url)));

/** Where `npm run build` puts the addon. */
export const nativeAddonPath = join(packageRoot, "build", "Release", "erprm.node");

function findPackageRoot(folder: string): string {
  if (existsSync(join(folder, "package.json"))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new ErprmError("ERPRM_INTERNAL", "Expected a package.json above the erprm sources");
  return findPackageRoot(parent);
}

/** Why the loader refused, in words a user can act on; the system's own message follows it. */
function explain(path: string, message: string): string {
  if (!existsSync(path)) return "it was not built yet";
  const library = /(\S+\.so\S*): cannot open shared object file/.exec(message)?.[1];
  if (library) return `${library}, which it was built with, is gone or was moved`;
  if (/undefined symbol|version `\S+' not found/.test(message)) return "it was built for another libtorch or compiler";
  return "the system refused it";
}

/**
 * Loads the addon at `path`. Works in worker threads too.
 * Throws ERPRM_NATIVE_MISSING with details {path, reason, command}; `command` mends it. ERPRM_OUT_OF_MEMORY where it is there
 * and does not fit.
 */
export function loadNativeFrom(path: string): NativeAddon {
  try {
    return createRequire(import.meta.url)(path) as NativeAddon;
  } catch (error) {
    const full = memoryError(error, `to load the native addon at ${path} and its libraries`);
    if (full) throw full;
    const message = error instanceof Error ? error.message : String(error);
    const reason = explain(path, message);
    const command = `npm run build --prefix ${JSON.stringify(packageRoot)}`;
    const detail = existsSync(path) ? ` (${message.split("\n")[0]})` : "";
    throw new ErprmError(
      "ERPRM_NATIVE_MISSING",
      `Expected the native addon at ${path}, but ${reason}${detail}. Run: ${command}`,
      { path, reason, command },
      error,
    );
  }
}

let loaded: NativeAddon | undefined;

/** The addon of this package, loaded at the first call. Throws ERPRM_NATIVE_MISSING as `loadNativeFrom` does. */
export function loadNative(): NativeAddon {
  loaded ??= loadNativeFrom(nativeAddonPath);
  return loaded;
}
