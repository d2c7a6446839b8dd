/** What `erprm report` does. */
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { ErprmError } from "../errors.js";
import { writeReport } from "../report/write-report.js";
import { formatByteSize } from "./byte-size.js";
import type { reportOptions } from "./commands/report.js";
import { expectFilePlace } from "./expect-file-place.js";
import { finetuningComparisonText } from "./finetune/table.js";
import { packageVersion } from "./package-build.js";
import { required } from "./policy-values.js";
import type { Run } from "./stage-command.js";
import { note } from "./with-run.js";

/** Enough to hold the head of a page of ours. */
const headBytes = 2048;

/** True for a file that is not there, and for a report of erprm. */
export async function mayReplace(path: string): Promise<boolean> {
  try {
    const handle = await open(path, "r");
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return buffer.subarray(0, bytesRead).includes('<meta name="generator" content="erprm');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return true;
    // A directory and the like: writing says what is wrong.
    return false;
  }
}

/** What is not there at all, or holds no run, is said where it is read. @throws ERPRM_INVALID_ARGUMENT {name, path} */
async function expectNoFile(run: string): Promise<void> {
  const isFile = await stat(run).then(
    (facts) => !facts.isDirectory(),
    () => false,
  );
  if (!isFile) return;
  throw new ErprmError("ERPRM_INVALID_ARGUMENT", `Expected --run to be a run directory, ${run} is a file`, {
    name: "run",
    path: run,
  });
}

export const runReport: Run<typeof reportOptions> = async (values, _given, surroundings) => {
  const { maxSolutions, title, force, json, quiet } = values;
  const runs = values.run ?? [];
  const first = required("run", runs[0], "a run directory");
  for (const run of runs) await expectNoFile(run);
  const out = values.out ?? join(first, "report.html");
  // Without --out a run directory that is not there is said to be that.
  if (values.out !== undefined) await expectFilePlace(out);
  if (!force && !(await mayReplace(out))) {
    const message = `Expected --out to be a new file or a report of erprm, ${out} is something else; --force replaces it`;
    throw new ErprmError("ERPRM_INVALID_ARGUMENT", message, { name: "out", path: out });
  }
  const { signal, stdout } = surroundings;
  const written = await writeReport({ runs, out, title, maxSolutions, version: packageVersion(), signal });
  for (const text of written.notes) note(text, { quiet }, surroundings);
  if (json) {
    stdout.write(`${JSON.stringify({ stage: "report", ...written })}\n`);
    return;
  }
  const { bytes, sections, numSolutions, numShown, finetuningComparison } = written;
  if (finetuningComparison) stdout.write(finetuningComparisonText(finetuningComparison));
  const solutions = numSolutions === 0 ? "" : `, ${numShown} of ${numSolutions} solutions to step through`;
  stdout.write(`${"report".padEnd(14)}${out} (${formatByteSize(bytes)}): ${sections.join(", ")}${solutions}\n`);
};
