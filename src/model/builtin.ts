/** Models that ship with the package: `builtin:NAME` is a directory of it. */
import { join } from "node:path";
import { ErprmError } from "../errors.js";
import { packageRoot } from "../native/loader.js";

/** The names behind `builtin:`. */
export const builtinModels = ["tiny"] as const;

const scheme = "builtin:";

/**
 * The directory that a built-in model's name stands for; undefined for a name without the scheme.
 * @throws ERPRM_INVALID_ARGUMENT for a built-in model that there is not
 */
export function builtinDirectory(name: string): string | undefined {
  if (!name.startsWith(scheme)) return undefined;
  const model = name.slice(scheme.length);
  if (builtinModels.some((known) => known === model)) return join(packageRoot, "models", model);
  const known = builtinModels.map((one) => scheme + one).join(", ");
  throw new ErprmError("ERPRM_INVALID_ARGUMENT", `Expected a built-in model (${known}), received ${name}`, {
    name: "model",
    expected: known,
    received: name,
  });
}
