/** A stage inside its run directory: open, do what is left, finish, say what came of it. */
import { type RunDescription, RunDirectory } from "../data/run-directory.js";
import { ErprmError } from "../errors.js";
import type { SessionNumbers } from "./session.js";
import type { Surroundings } from "./stage-command.js";
import { type RunSummary, summaryJson, summaryText } from "./summary.js";

export interface RunValues {
  out: string;
  force: boolean;
  json: boolean;
  quiet: boolean;
}

/** How a finished run is told of. */
export interface SummaryForm {
  /** Lines for people. */
  text(summary: RunSummary): string | Promise<string>;
  /** What --json prints. */
  json(summary: RunSummary): string | Promise<string>;
}

const samplingForm: SummaryForm = { text: summaryText, json: summaryJson };

/** A line for the user on standard error, unless they asked for quiet. */
export function note(text: string, { quiet }: { quiet: boolean }, { stderr }: Pick<Surroundings, "stderr">): void {
  if (!quiet) stderr.write(`erprm: ${text}\n`);
}

/**
 * `body` does what is left of the run and returns its counts. The lock is given back whatever happens; on an interruption
 * what was finished stays.
 * @throws as `RunDirectory.open` and `body`
 */
export async function withRun(
  description: RunDescription,
  values: RunValues,
  surroundings: Surroundings,
  body: (run: RunDirectory) => Promise<SessionNumbers>,
  form: SummaryForm = samplingForm,
): Promise<void> {
  const { out, force, json } = values;
  const run = await RunDirectory.open(out, description, { force });
  try {
    if (run.otherBuild) {
      note(`${out} was begun by another build; results may differ in the last bits from here on`, values, surroundings);
    }
    const alreadyComplete = run.complete;
    if (!alreadyComplete) {
      const { counts, timings, mergedFrom } = await body(run);
      await run.finish(counts, timings, mergedFrom && { mergedFrom });
    }
    const { stage, counts = {}, timings = {} } = run.manifest;
    const summary: RunSummary = { stage, out, alreadyComplete, counts, timings };
    surroundings.stdout.write(json ? `${await form.json(summary)}\n` : await form.text(summary));
  } catch (error) {
    if (!(error instanceof ErprmError) || error.code !== "ERPRM_ABORTED") throw error;
    const message = `${error.message}; what was finished is kept in ${out}, the same command goes on from there`;
    throw new ErprmError("ERPRM_ABORTED", message, { path: out }, error);
  } finally {
    await run.close();
  }
}
