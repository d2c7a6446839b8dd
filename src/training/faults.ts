/**
 * Records that cannot be trained on: counted by reason, named, and an error when they are more than a small share. Labels
 * that vanish without a word are how trainings of reward models have failed most often.
 */
import { expectNumberIn } from "../check.js";
import { ErprmError } from "../errors.js";

/** What each reason means; the sentence goes on after the number of records. */
export const faultReasons = {
  "no-solution": "have no worked solution",
  "no-steps": "have no steps",
  "no-labels": "have neither the label that is trained on nor counts to compute it from",
  "labels-and-tags-differ": "have another number of labels than of places to put them",
  "label-out-of-range": "have labels outside [0, 1]",
  "labels-contradict-counts":
    "have labels that contradict the counts they would be computed from: drop those labels or, to train on edited ones, set numCompletions and numCorrect of all steps of such a record to 0, as in imported records",
  "empty-step": "have a step without text",
  "tag-in-text": "have the step tag in their text, where a tag without a label would be read",
  "tag-cut-off": "are longer than the length limit, which would cut off step tags and their labels",
  "too-long": "are longer than the length limit",
  "wrong-tag": "have another token than the step tag where a label stands",
  "unknown-token": "have token ids outside the model's vocabulary",
  "end-token-inside": "have a token that ends a solution in the middle of one",
  "cannot-encode": "cannot be encoded such that their text is found again",
} as const;
export type FaultReason = keyof typeof faultReasons;

export const defaultMaxFaultShare = 0.01;

/** A record, as messages name it. */
export interface FaultPlace {
  problemId: string;
  /** Of the solution; absent for problems. */
  index?: number | undefined;
  /** Place in the input, from 1: the line of a JSON Lines file without empty lines. */
  record: number;
  /** Where it was read, if it was: from 1. */
  line?: number | undefined;
  /** What was found, in a few words. */
  found?: string | undefined;
}

export interface FaultSummary {
  /** Records read, those left out on purpose not counted. */
  numRecords: number;
  numFaulty: number;
  /** Only the reasons that occurred; `first` holds the first three. */
  reasons: Partial<Record<FaultReason, { count: number; first: FaultPlace[] }>>;
}

const numNamed = 3;

function describe({ problemId, index, record, line, found }: FaultPlace, file: string | undefined): string {
  const solution = index === undefined ? "" : ` solution ${index}`;
  const where = line === undefined || file === undefined ? `record ${record}` : `${file}:${line}`;
  return `${where} (problem ${JSON.stringify(problemId)}${solution}${found === undefined ? "" : `: ${found}`})`;
}

export class Faults {
  readonly #maxShare: number;
  readonly #file: string | undefined;
  readonly #reasons: FaultSummary["reasons"] = {};
  #numRecords = 0;
  #numFaulty = 0;

  /** @throws ERPRM_INVALID_ARGUMENT for a share outside [0, 1] */
  constructor({
    maxShare = defaultMaxFaultShare,
    file,
  }: { maxShare?: number | undefined; file?: string | undefined } = {}) {
    this.#maxShare = expectNumberIn("the largest share of faulty records", maxShare, 0, 1);
    this.#file = file;
  }

  /** A record that is trained on. */
  countKept(): void {
    this.#numRecords += 1;
  }

  /** A record that is left out. */
  count(reason: FaultReason, place: FaultPlace): void {
    this.#numRecords += 1;
    this.#numFaulty += 1;
    this.#reasons[reason] ??= { count: 0, first: [] };
    const entry = this.#reasons[reason] as { count: number; first: FaultPlace[] };
    entry.count += 1;
    if (entry.first.length < numNamed) entry.first.push(place);
  }

  get summary(): FaultSummary {
    return { numRecords: this.#numRecords, numFaulty: this.#numFaulty, reasons: this.#reasons };
  }

  /** One phrase a reason, the most frequent first: "12 tag-cut-off: are longer than ..., first record 3 (problem "x" solution 0)". */
  describe(): string[] {
    return (Object.entries(this.#reasons) as [FaultReason, { count: number; first: FaultPlace[] }][])
      .sort(([, a], [, b]) => b.count - a.count)
      .map(([reason, { count, first }]) => {
        const more = count > first.length ? " and others" : "";
        return `${count} ${faultReasons[reason]} (${reason}), ${first.map((place) => describe(place, this.#file)).join(", ")}${more}`;
      });
  }

  /** @throws ERPRM_INVALID_DATA {file, reasons, numRecords, numFaulty} when more than the allowed share is faulty */
  check(): void {
    if (this.#numFaulty <= this.#maxShare * this.#numRecords) return;
    const percent = (share: number) => `${Number((100 * share).toPrecision(2))} %`;
    const where = this.#file === undefined ? "" : ` in ${this.#file}`;
    throw new ErprmError(
      "ERPRM_INVALID_DATA",
      `Expected at most ${percent(this.#maxShare)} of the records to be unfit for training, received ${this.#numFaulty} of ${this.#numRecords} (${percent(this.#numFaulty / this.#numRecords)})${where}: ${this.describe().join("; ")}`,
      { ...(this.#file !== undefined && { file: this.#file }), ...this.summary, maxShare: this.#maxShare },
    );
  }
}
