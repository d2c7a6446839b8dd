/**
 * Problems from any supported file. Three record forms are recognised by their fields, record by record:
 *   ours   {id?, question, answer, solution?}
 *   GSM8K  {question, answer} or {query, response}, the answer's text ending in "#### 18"
 *   MATH   {problem, solution, answer?, unique_id?}; without `answer` it is the solution's last \boxed{...}
 */
import { expectInteger } from "../check.js";
import { ErprmError } from "../errors.js";
import type { Problem } from "../types.js";
import { dataError, type Place } from "./data-error.js";
import { Fields } from "./fields.js";
import { fileStemOf } from "./file-type.js";
import { readRecords } from "./read-records.js";

/**
 * Problems in file order. A problem without an id gets `<file stem>-<n>`, n its 0-based place among the problems of the
 * file, underscores as dashes: the first of `gsm8k_test.jsonl` is `gsm8k-test-0`.
 * @param options `limit`: stop after so many problems, without looking at the rest of the file.
 * @throws ERPRM_INVALID_DATA {file, line, field} for a record without question or answer, wrong types, a repeated id, no
 *   records at all; ERPRM_INVALID_ARGUMENT, ERPRM_NOT_FOUND, ERPRM_IO as `readRecords`.
 */
export async function* readProblems(
  path: string,
  options: { limit?: number | undefined } = {},
): AsyncIterable<Problem> {
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : expectInteger("limit", options.limit, 1);
  const stem = fileStemOf(path).replaceAll("_", "-");
  const lineOfId = new Map<string, number>();
  for await (const { value, file, line } of readRecords(path)) {
    const place = { file, line };
    const problem = parseProblem(value, place, `${stem}-${lineOfId.size}`);
    const earlier = lineOfId.get(problem.id);
    if (earlier !== undefined) {
      throw dataError(`Expected id to be unique, received "${problem.id}" as in line ${earlier}`, place, "id");
    }
    lineOfId.set(problem.id, line);
    yield problem;
    if (lineOfId.size >= limit) return;
  }
  if (lineOfId.size === 0) {
    throw new ErprmError("ERPRM_INVALID_DATA", `Expected at least one problem, found none in ${path}`, { file: path });
  }
}

/** One problem of any of the forms above; `defaultId` is used when it has none. @throws ERPRM_INVALID_DATA */
export function parseProblem(value: unknown, place: Place, defaultId: string): Problem {
  const fields = new Fields(value, place);
  if (fields.has("problem")) return mathProblem(fields, defaultId);
  if (fields.has("query")) return gsm8kProblem(fields, "query", "response", defaultId);
  const answer = fields.value("answer");
  const isGsm8k = typeof answer === "string" && answer.includes(marker) && !fields.has("solution");
  if (isGsm8k) return gsm8kProblem(fields, "question", "answer", defaultId);
  const question = fields.text("question");
  return {
    id: idOf(fields, ["id"], defaultId),
    question,
    answer: fields.text("answer"),
    ...solutionOf(fields),
  };
}

/** What stands before the final answer in GSM8K. */
const marker = "####";

function gsm8kProblem(fields: Fields, questionName: string, solutionName: string, defaultId: string): Problem {
  const question = fields.text(questionName);
  const text = fields.text(solutionName);
  const at = text.lastIndexOf(marker);
  // What follows the answer's line ("The answer is: 18" in MetaMath's files) repeats it.
  const answer =
    at === -1
      ? ""
      : (
          text
            .slice(at + marker.length)
            .trim()
            .split("\n")[0] ?? ""
        ).trim();
  if (answer === "") fields.fail(solutionName, `a text with the final answer after "${marker}"`);
  return { id: idOf(fields, ["id"], defaultId), question, answer, solution: text.slice(0, at).trimEnd() };
}

function mathProblem(fields: Fields, defaultId: string): Problem {
  const question = fields.text("problem");
  const boxed = fields.has("answer") ? undefined : lastBoxed(fields.optionalString("solution") ?? "");
  const answer = boxed ?? fields.text("answer");
  return { id: idOf(fields, ["id", "unique_id"], defaultId), question, answer, ...solutionOf(fields) };
}

function idOf(fields: Fields, names: readonly string[], defaultId: string): string {
  const name = names.find((one) => fields.has(one));
  return name === undefined ? defaultId : fields.text(name);
}

function solutionOf(fields: Fields): { solution?: string } {
  const solution = fields.optionalString("solution");
  return solution === undefined ? {} : { solution };
}

/** The content of the last \boxed{...}, braces matched; undefined when there is none. */
function lastBoxed(text: string): string | undefined {
  const opening = "\\boxed{";
  const start = text.lastIndexOf(opening);
  if (start === -1) return undefined;
  let depth = 1;
  for (let i = start + opening.length; i < text.length; i += 1) {
    if (text[i] === "\\") i += 1;
    else if (text[i] === "{") depth += 1;
    else if (text[i] === "}") depth -= 1;
    if (depth === 0) return text.slice(start + opening.length, i).trim() || undefined;
  }
  return undefined;
}
