/** Runs that are reported together must mean the same by a problem id and an index. */
import { ErprmError } from "../errors.js";
import type { ShownSolution } from "./report-data.js";

/** @throws ERPRM_INVALID_DATA {file, problemId, index, field} where question or steps differ */
export function expectSame(
  known: ShownSolution,
  other: { question: string; steps: readonly string[] },
  path: string,
): void {
  const sameSteps =
    known.steps.length === other.steps.length && known.steps.every(({ text }, i) => text === other.steps[i]);
  if (known.question === other.question && sameSteps) return;
  const field = known.question === other.question ? "steps" : "question";
  const { problemId, index } = known;
  const message = `Expected the runs of a report to hold the same solution ${index} of problem ${problemId}, found other ${field} in ${path}; report the runs apart`;
  throw new ErprmError("ERPRM_INVALID_DATA", message, { file: path, problemId, index, field });
}
