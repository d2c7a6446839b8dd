/** What `erprm problems` does. */
import { access } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { readRecords } from "../data/read-records.js";
import { ErprmError } from "../errors.js";
import { generateProblems } from "../problems/generate.js";
import type { Problem } from "../types.js";
import type { problemsOptions } from "./commands/problems.js";
import { deliver } from "./deliver.js";
import { expectFilePlace } from "./expect-file-place.js";
import { Progress } from "./progress.js";
import type { Run } from "./stage-command.js";
import { note } from "./with-run.js";

/** Problems between two moments in which signals are heard. */
const betweenPauses = 64;

/**
 * True for a file that holds these very records already: nothing is to be written.
 * @throws ERPRM_INVALID_ARGUMENT for one that holds anything else
 */
async function isWritten(path: string, problems: Iterable<Problem>): Promise<boolean> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere) return false;
  if (await holds(path, problems)) return true;
  throw new ErprmError(
    "ERPRM_INVALID_ARGUMENT",
    `Expected --out to be a new file, ${path} is there and holds something else; --force replaces it`,
    {
      name: "out",
      path,
    },
  );
}

async function holds(path: string, problems: Iterable<Problem>): Promise<boolean> {
  const expected = problems[Symbol.iterator]();
  try {
    for await (const { value } of readRecords(path)) {
      const { done, value: problem } = expected.next();
      if (done || !isDeepStrictEqual(value, problem)) return false;
    }
    return expected.next().done === true;
  } catch (error) {
    // What cannot be read as records is something else.
    if (error instanceof ErprmError) return false;
    throw error;
  }
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
  const settings = { split, num, seed, difficulty };
  if (out !== undefined) await expectFilePlace(out);
  if (out !== undefined && !force && (await isWritten(out, generateProblems(settings)))) {
    const summary = { stage: "problems", split, seed, difficulty, out, numProblems: num };
    if (json) surroundings.stdout.write(`${JSON.stringify(summary)}\n`);
    else note(`${out} holds these ${num} problems already`, { quiet }, surroundings);
    return;
  }
  // Records on a terminal are progress enough.
  const isQuiet = quiet || out === undefined;
  const progress = new Progress({
    title: "problems",
    unit: "problems",
    total: num,
    quiet: isQuiet,
    stream: surroundings.stderr,
  });
  const problems = generateProblems(settings);
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
