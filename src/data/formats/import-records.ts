/**
 * Records of a format of the field as label records. Such formats hold labels, not the counts behind them: imported steps have
 * 0 completions, which says that nothing was measured here, and the labels stand as they were found.
 */
import { createHash } from "node:crypto";
import type { LabelRecord } from "../../types.js";
import { dataError } from "../data-error.js";
import { Fields } from "../fields.js";
import { parseLabelName } from "../label-name.js";
import type { PlacedRecord } from "../read-records.js";
import { type ImportedSolution, Losses } from "./format.js";
import { formatOf } from "./registry.js";

export interface ImportOptions {
  /** The name the labels get; by default `hard` (er-prm: `er:1`, openr with values: `soft`). */
  target?: string | undefined;
  /** Filled with what could not be carried over exactly. */
  losses?: Losses | undefined;
}

/**
 * Label records in input order, one or more a record. A problem without an id is named after its question,
 * `<format>-<12 hexadecimal digits>`, so that solutions of one question have one problem; `index` counts them.
 * @throws ERPRM_INVALID_ARGUMENT (format, target), ERPRM_INVALID_DATA {file, line, field}
 */
export async function* importRecords(
  format: string,
  records: AsyncIterable<PlacedRecord> | Iterable<PlacedRecord>,
  options: ImportOptions = {},
): AsyncIterable<LabelRecord> {
  const { name, read, importedLabel } = formatOf(format);
  const target = options.target === undefined ? undefined : parseLabelName(options.target).name;
  const losses = options.losses ?? new Losses();
  const numSeen = new Map<string, number>();
  for await (const { value, file, line } of records) {
    for (const solution of read(new Fields(value, { file, line }), losses)) {
      const problemId = solution.problemId ?? `${name}-${fingerprint(solution.question)}`;
      const index = numSeen.get(problemId) ?? 0;
      numSeen.set(problemId, index + 1);
      const label = target ?? solution.label ?? importedLabel;
      if (label === "hard" && solution.values.some((one) => one !== 0 && one !== 1)) {
        throw dataError("Expected hard labels to be 0 or 1, received numbers between", { file, line });
      }
      yield labelRecord(solution, problemId, index, name, label);
    }
  }
}

function labelRecord(
  solution: ImportedSolution,
  problemId: string,
  index: number,
  format: string,
  label: string,
): LabelRecord {
  const { question, answer, outcome, steps, values, extra = {} } = solution;
  return {
    problemId,
    index,
    question,
    ...(answer === undefined ? {} : { answer }),
    ...(outcome === undefined ? {} : { outcome }),
    steps: steps.map((text) => ({ text, numCompletions: 0, numCorrect: 0 })),
    labels: { [label]: values },
    origin: { format, fields: extra },
  };
}

function fingerprint(question: string): string {
  return createHash("sha256").update(question).digest("hex").slice(0, 12);
}
