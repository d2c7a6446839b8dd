/**
 * Whether a file of scores is of the very solutions that are evaluated. Score records hold no texts, and another rollout of the
 * same problems has solutions of the same names, often with as many steps. The manifest beside the scores says what was scored.
 */
import { sha256OfFile } from "../../data/file-hash.js";
import { type Placed, placedError } from "../../data/placed.js";
import { solutionKey } from "../../data/read-solutions.js";
import { isStillThere, type ScoredText, scoredInput } from "../score/scored-input.js";
import type { NamedPath } from "./model-names.js";

export interface EvaluatedSolutions {
  /** The file. */
  path: string;
  byKey: ReadonlyMap<string, Placed<ScoredText>>;
}

/**
 * Nothing where they are: the same file was scored, or one whose solutions have the same texts. Otherwise what there is to be
 * noted: that it cannot be known.
 * @throws ERPRM_INVALID_DATA {file, line, field} for the first solution of which another text was scored
 */
export async function expectScoresOf(
  { path, byKey }: EvaluatedSolutions,
  { name, path: scores }: NamedPath,
): Promise<string | undefined> {
  const unknown = `they are taken for scores of ${path} by problem, index and number of steps`;
  const input = await scoredInput(scores);
  if (!input) return `the scores of ${name}: nothing beside ${scores} says which texts were scored; ${unknown}`;
  if (input.sha256 === (await sha256OfFile(path))) return undefined;
  if (!(await isStillThere(input))) {
    return `the scores of ${name}: what was scored was another file, ${input.path}, which is gone or was changed; ${unknown}`;
  }
  const wanted = `${name} to have scored the solutions that are evaluated (${scores} was made from ${input.path})`;
  const missing = new Map(byKey);
  for await (const scored of input.read()) {
    const key = solutionKey(scored);
    const solution = byKey.get(key);
    if (!solution) continue;
    missing.delete(key);
    const field = differingField(solution, scored);
    if (field === undefined) continue;
    const what = `solution ${solution.index} of problem ${JSON.stringify(solution.problemId)}`;
    const other = `received ${what} with another ${field} than it has there in line ${scored.place?.line}`;
    throw placedError(`Expected ${wanted}, ${other}`, solution, field);
  }
  const [first] = missing.values();
  if (!first) return undefined;
  const what = `solution ${first.index} of problem ${JSON.stringify(first.problemId)}`;
  throw placedError(`Expected ${wanted}, found no ${what} there`, first, "index");
}

function differingField(one: ScoredText, other: ScoredText): string | undefined {
  if (one.question !== other.question) return "question";
  if (one.steps.length !== other.steps.length) return "steps";
  const step = one.steps.findIndex((text, t) => text !== other.steps[t]);
  return step < 0 ? undefined : `steps[${step}]`;
}
