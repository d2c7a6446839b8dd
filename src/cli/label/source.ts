/** Which of its three inputs a label command has, and which flags make no sense with it. */
import { ErprmError } from "../../errors.js";
import type { Given } from "../stage-command.js";
import { commonOptions, runOptions, solutionOptions } from "../stage-options.js";
import { estimatorOptions } from "./options.js";

export const labelSources = ["solutions", "problems", "from"] as const;
export type LabelSource = (typeof labelSources)[number];

/**
 * One input on the command line wins over others in the configuration file.
 * @throws ERPRM_INVALID_ARGUMENT for none or several, and for flags that the input leaves without effect.
 */
export function labelSourceOf({ flags, options }: Given): LabelSource {
  const among = (names: ReadonlySet<string>) => labelSources.filter((name) => names.has(name));
  const named = among(flags).length > 0 ? among(flags) : among(options);
  const [source] = named;
  if (source === undefined || named.length > 1) {
    const received = named.length === 0 ? "none" : named.map((name) => `--${name}`).join(" and ");
    throw new ErprmError(
      "ERPRM_INVALID_ARGUMENT",
      `Expected one of --solutions, --problems and --from, received ${received}`,
      { name: "--solutions", received },
    );
  }
  const idle = [...flags].find((flag) => isIdle(flag, source));
  if (idle !== undefined) {
    throw new ErprmError("ERPRM_INVALID_ARGUMENT", `Expected no --${idle} together with --${source}: ${why(source)}`, {
      name: idle,
    });
  }
  return source;
}

function isIdle(flag: string, source: LabelSource): boolean {
  if (source === "problems") return false;
  if (source === "solutions") return flag !== "stop" && solutionOptions.some(({ name }) => name === flag);
  const own = [...commonOptions, ...runOptions, ...estimatorOptions].map(({ name }) => name);
  return ![...own, "from", "eta", "threads"].includes(flag);
}

function why(source: LabelSource): string {
  return source === "solutions"
    ? "the solutions are there already; options of the completions begin with --completion"
    : "labels are computed from counts, nothing is sampled";
}
