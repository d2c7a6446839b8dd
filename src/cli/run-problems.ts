/** What `erprm problems` does. */
import { access } from "node:fs/promises";
import { ErprmError } from "../errors.js";
import { generateProblems } from "../problems/generate.js";
import type { Problem } from "../types.js";
import type { problemsOptions } from "./commands/problems.js";
import { deliver } from "./deliver.js";
import { Progress } from "./progress.js";
import type { Run } from "./stage-command.js";
import { note } from "./with-run.js";

/** Problems between two moments in which signals are heard. */
const betweenPauses = 64;

/** @throws ERPRM_INVALID_ARGUMENT for a file that is there and is not to be replaced */
async function expectFree(path: string, force: boolean): Promise<void> {
  if (force) return;
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  throw new ErprmError(
    "ERPRM_INVALID_ARGUMENT",
    `Expected --out to be a new file, ${path} is there; --force replaces it`,
    {
      name: "out",
      path,
    },
  );
}

async function* withPauses(problems: Iterable<Problem>, made: (count: number) => void) {
  let count = 0;
  for (const problem of problems) {
    yield problem;
    count += 1;
    made(count);
    if (count % betweenPauses === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

export const runProblems: Run<typeof problemsOptions> = async (values, _given, surroundings) => {
  const { split, num, seed, difficulty, out, force, json, quiet } = values;
  if (out !== undefined) await expectFree(out, force);
  // Records on a terminal are progress enough.
  const isQuiet = quiet || out === undefined;
  const progress = new Progress({
    title: "problems",
    unit: "problems",
    total: num,
    quiet: isQuiet,
    stream: surroundings.stderr,
  });
  const problems = generateProblems({ split, num, seed, difficulty });
  let numProblems: number;
  try {
    numProblems = await deliver(
      withPauses(problems, (count) => progress.update(count)),
      out,
      surroundings,
    );
  } finally {
    progress.end();
  }
  const summary = { stage: "problems", split, seed, difficulty, ...(out && { out }), numProblems };
  if (json) surroundings.stdout.write(`${JSON.stringify(summary)}\n`);
  else note(`${numProblems} problems${out === undefined ? "" : ` in ${out}`}`, { quiet }, surroundings);
};
