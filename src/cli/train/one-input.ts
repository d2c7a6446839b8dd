/** A command that takes its input from one of several options. */
import { ErprmError } from "../../errors.js";
import type { Given } from "../stage-command.js";

/**
 * One input on the command line wins over others in the configuration file.
 * @throws ERPRM_INVALID_ARGUMENT for none or several
 */
export function oneInput<Name extends string>(
  names: readonly Name[],
  values: Partial<Record<Name, string | undefined>>,
  { flags, options }: Given,
): { name: Name; path: string } {
  const among = (set: ReadonlySet<string>) => names.filter((name) => set.has(name));
  const named = among(flags).length > 0 ? among(flags) : among(options);
  const [name] = named;
  const path = name === undefined ? undefined : values[name];
  if (name !== undefined && path && named.length === 1) return { name, path };
  const all = names.map((one) => `--${one}`);
  const expected = `one of ${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
  const received = named.length === 0 ? "none" : named.map((one) => `--${one}`).join(" and ");
  throw new ErprmError("ERPRM_INVALID_ARGUMENT", `Expected ${expected}, received ${received}`, { name, received });
}
