/**
 * The loop that makes examples of records: one at a time, with pauses in which other work runs, every record either kept,
 * left out on purpose, or counted as a fault.
 */
import { expectPositiveInteger } from "../check.js";
import { ErprmError } from "../errors.js";
import type { TrainingExample } from "./example.js";
import { ExampleStore } from "./example-store.js";
import { type FaultReason, type FaultSummary, Faults } from "./faults.js";
import { QuestionGroups } from "./question-groups.js";

export interface BuildOptions {
  /** Rows of the model's embedding matrix: token ids lie below. */
  vocabularySize: number;
  /** Longest sequence in tokens that is trained on. */
  maxLength: number;
  /** Names the input in messages. */
  file?: string | undefined;
  /** Largest share of records that may be unfit, in [0, 1]. Default 0.01. */
  maxFaultShare?: number | undefined;
  /** Called with the number of records done, at every pause and at the end. */
  onProgress?: ((numRecords: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Why a record that nothing is wrong with makes no example. */
export type LeftOut =
  /** The final answer is wrong, and only correct solutions are taken. */
  | "wrong-answer"
  /** The length limit cut it: it has no end that could be learned. */
  | "cut-off";

export interface BuiltExamples<E extends TrainingExample> {
  /** At least one example. */
  store: ExampleStore<E>;
  faults: FaultSummary;
  leftOut: Partial<Record<LeftOut, number>>;
  /** What looks odd and is no error, in words for the user. */
  notes: string[];
  /** Problem ids whose question an earlier one has, with the first of those: see `splitExamples`. */
  sameQuestion: ReadonlyMap<string, string>;
}

export interface Fault {
  fault: FaultReason;
  found?: string | undefined;
}

/** What became of a record. */
export type Made<E extends TrainingExample> =
  | { example: E /** Called when the example is taken: not when its sequence is unfit. */; onKept?: () => void }
  | { leftOut: LeftOut }
  | Fault;

export type Records<R> = Iterable<R> | AsyncIterable<R>;

/** How messages name a record, and what it asks. */
export interface RecordName {
  problemId: string;
  index?: number;
  question?: string;
  /** In the file it was read from. */
  line?: number | undefined;
}

/** Of solutions and label records, read from a file or not. */
export function solutionName(record: {
  problemId: string;
  index: number;
  question?: string;
  place?: { line: number };
}): RecordName {
  const { problemId, index, question, place } = record;
  return { problemId, index, ...(question !== undefined && { question }), ...(place && { line: place.line }) };
}

/** Encoding runs this long before others get a turn: short beside what a user or a socket notices. */
const millisecondsBetweenPauses = 10;

/**
 * @throws ERPRM_INVALID_DATA when too many records are unfit, naming the first of each kind, or no example is left;
 *   ERPRM_INVALID_ARGUMENT (options); ERPRM_ABORTED; what `records` throws
 */
export async function buildExamples<R, E extends TrainingExample>(
  kind: E["kind"],
  records: Records<R>,
  nameOf: (record: R) => RecordName,
  make: (record: R) => Made<E>,
  options: BuildOptions,
): Promise<BuiltExamples<E>> {
  const maxLength = expectPositiveInteger("the length limit", options.maxLength);
  const vocabularySize = expectPositiveInteger("the size of the vocabulary", options.vocabularySize);
  const { file, maxFaultShare, onProgress, signal } = options;
  const store = new ExampleStore<E>(kind);
  const faults = new Faults({ maxShare: maxFaultShare, file });
  const leftOut: BuiltExamples<E>["leftOut"] = {};
  const questions = new QuestionGroups();
  let record = 0;
  let pausedAt = performance.now();
  for await (const value of records) {
    record += 1;
    const { question, ...name } = nameOf(value);
    const place = { ...name, record };
    const made = withinText(() => make(value));
    if ("leftOut" in made) {
      leftOut[made.leftOut] = (leftOut[made.leftOut] ?? 0) + 1;
    } else if ("fault" in made) {
      faults.count(made.fault, { ...place, ...(made.found !== undefined && { found: made.found }) });
    } else {
      const unfit = unfitSequence(made.example, maxLength, vocabularySize);
      if (unfit) faults.count(unfit.fault, { ...place, found: unfit.found });
      else {
        store.add(made.example);
        if (question !== undefined) questions.add(name.problemId, question);
        made.onKept?.();
        faults.countKept();
      }
    }
    if (performance.now() - pausedAt < millisecondsBetweenPauses) continue;
    onProgress?.(record);
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted) throw new ErprmError("ERPRM_ABORTED", "Aborted while encoding examples", {}, signal.reason);
    pausedAt = performance.now();
  }
  onProgress?.(record);
  faults.check();
  if (store.size === 0) failEmpty(record, file, faults, leftOut);
  const { sameQuestion } = questions;
  const notes = faults.describe().map((phrase) => `left out: ${phrase}`);
  return { store, faults: faults.summary, leftOut, notes, sameQuestion };
}

/** What tokenizer and chat template make of one record's text is the record's fault; every other error is not. */
function withinText<E extends TrainingExample>(make: () => Made<E>): Made<E> {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ErprmError) || error.code !== "ERPRM_INVALID_DATA") throw error;
    return { fault: "cannot-encode", found: error.message };
  }
}

function unfitSequence(example: TrainingExample, maxLength: number, vocabularySize: number) {
  const isUnknown = (id: number) => id < 0 || id >= vocabularySize;
  const unknown =
    example.tokenIds.find(isUnknown) ?? (example.kind === "policy" ? example.tokens.find(isUnknown) : undefined);
  if (unknown !== undefined)
    return { fault: "unknown-token", found: `token id ${unknown} of ${vocabularySize}` } as const;
  const { length } = example.tokenIds;
  if (length <= maxLength) return undefined;
  const fault: FaultReason = example.kind === "policy" ? "too-long" : "tag-cut-off";
  return { fault, found: `${length} tokens, the limit is ${maxLength}` } as const;
}

function failEmpty(numRecords: number, file: string | undefined, faults: Faults, leftOut: object): never {
  const found = [...Object.entries(leftOut).map(([reason, count]) => `${count} ${reason}`), ...faults.describe()];
  throw new ErprmError(
    "ERPRM_INVALID_DATA",
    `Expected at least one record to train on, received none among ${numRecords}${file === undefined ? "" : ` in ${file}`}${found.length > 0 ? `: ${found.join("; ")}` : ""}`,
    { ...(file !== undefined && { file }), ...faults.summary, leftOut },
  );
}
