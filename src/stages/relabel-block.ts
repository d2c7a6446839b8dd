/** A block of lines to one of lines with other labels, with what is to be known of them all: a thread's work. */
import type { Place } from "../data/data-error.js";
import { KeyDigest, keyWidth } from "../data/key-digest.js";
import type { LabelText } from "../data/label-text.js";
import type { LineBlock } from "../data/line-blocks.js";
import type { Measurement } from "../data/read-solutions.js";
import type { RelabelLine } from "./relabel-line.js";

/** Sums over the lines; those of labels are over the steps that were completed. */
export interface RelabelSums {
  labelled: number;
  correct: number;
  steps: number;
  completedSteps: number;
  inferredSteps: number;
  gradedCompletions: number;
  correctCompletions: number;
  /** By the names' places. */
  labels: number[];
}

export interface RelabelledBlock {
  /** Lines. */
  bytes: Uint8Array<ArrayBuffer>;
  /** What `KeyDigest` makes of each line's problem and index. */
  keys: Uint32Array<ArrayBuffer>;
  /** Lines of the block that was given, empty ones too. */
  numLines: number;
  sums: RelabelSums;
}

export function noSums(names: readonly string[]): RelabelSums {
  return {
    labelled: 0,
    correct: 0,
    steps: 0,
    completedSteps: 0,
    inferredSteps: 0,
    gradedCompletions: 0,
    correctCompletions: 0,
    labels: names.map(() => 0),
  };
}

const newline = 0x0a;
const firstBytes = 3 << 19;

/** Gathers lines. */
export class RelabelledLines {
  readonly #digest = new KeyDigest();
  readonly #sums: RelabelSums;
  #bytes = Buffer.allocUnsafeSlow(firstBytes);
  #numBytes = 0;
  #numRecords = 0;
  #keys = new Uint32Array(1024 * keyWidth);

  constructor(names: readonly string[]) {
    this.#sums = noSums(names);
  }

  get numRecords(): number {
    return this.#numRecords;
  }

  add({ text, measurement, own }: { text: string; measurement: Measurement; own: LabelText }): void {
    const place = this.#numRecords * keyWidth;
    if (place === this.#keys.length) {
      const larger = new Uint32Array(2 * place);
      larger.set(this.#keys);
      this.#keys = larger;
    }
    this.#digest.write(measurement.problemId, measurement.index, this.#keys, place);
    // No character is more than three bytes.
    const most = this.#numBytes + 3 * text.length + 1;
    if (most > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * most);
      this.#bytes.copy(larger, 0, 0, this.#numBytes);
      this.#bytes = larger;
    }
    this.#numBytes += this.#bytes.write(text, this.#numBytes);
    this.#bytes[this.#numBytes++] = newline;
    this.#numRecords += 1;
    addTo(this.#sums, measurement, own);
  }

  finish(numLines: number): RelabelledBlock {
    const bytes = new Uint8Array(this.#bytes.buffer, 0, this.#numBytes);
    const keys = this.#keys.slice(0, this.#numRecords * keyWidth);
    return { bytes, keys, numLines, sums: this.#sums };
  }
}

function addTo(sums: RelabelSums, { outcome, steps }: Measurement, own: LabelText): void {
  sums.labelled += 1;
  sums.correct += outcome ?? 0;
  sums.steps += steps.length;
  for (const step of steps) {
    if (step.terminal) continue;
    if (step.inferredFrom !== undefined) {
      sums.inferredSteps += 1;
      continue;
    }
    sums.completedSteps += 1;
    sums.gradedCompletions += step.numCompletions;
    sums.correctCompletions += step.numCorrect;
    const { labels } = own.of(step, steps);
    for (let i = 0; i < labels.length; i += 1) sums.labels[i] = (sums.labels[i] as number) + (labels[i] as number);
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * @param first the block's first line
 * @param limit lines that are taken, at most
 * @throws ERPRM_INVALID_DATA {file, line, field}; for bytes that are not UTF-8 whatever it is: `splitLines` says where they are
 */
export function relabelBlock(
  { bytes }: Pick<LineBlock, "bytes">,
  first: Place,
  relabel: RelabelLine,
  limit = Number.POSITIVE_INFINITY,
): RelabelledBlock {
  const content = decoder.decode(bytes);
  const lines = new RelabelledLines(relabel.names);
  const place = { ...first };
  for (let from = 0; from < content.length && lines.numRecords < limit; place.line += 1) {
    const newline = content.indexOf("\n", from);
    const end = newline === -1 ? content.length : newline;
    const text = content.slice(from, content[end - 1] === "\r" ? end - 1 : end);
    if (text.trim() !== "") lines.add(relabel.ofText(text, place));
    from = end + 1;
  }
  return lines.finish(place.line - first.line);
}
