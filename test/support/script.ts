/** The scripts are plain modules outside the compiled tree; tests load them by URL. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "../../src/native/loader.js";

/** The module scripts/`name`. */
export function importScript<T>(name: string): Promise<T> {
  return import(pathToFileURL(join(packageRoot, "scripts", name)).href) as Promise<T>;
}
