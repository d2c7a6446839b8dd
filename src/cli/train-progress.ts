/** The progress of a training: updates done, loss, held-out loss, tokens a second, memory; refreshed within long updates. */
import type { TrainingProgress } from "../stages/train.js";
import type { TrainingRecord } from "../training/training-record.js";
import { formatByteSize } from "./byte-size.js";
import { Progress, type ProgressOptions } from "./progress.js";

/** Updates that the shown loss is the mean of. */
const shownUpdates = 20;

/** Bytes of memory that this process had at most. Linux counts in kibibytes. */
export function peakMemoryBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

export class TrainProgress implements TrainingProgress {
  readonly #options: Omit<ProgressOptions, "unit" | "total" | "done">;
  #progress: Progress | undefined;
  #startedAt = performance.now();
  #done = 0;
  #losses: number[] = [];
  #heldOutLoss: number | undefined;
  #evaluating = false;
  /** Tokens trained on by this process. */
  tokensTrained = 0;

  constructor(options: Omit<ProgressOptions, "unit" | "total" | "done">) {
    this.#options = options;
  }

  /** Seconds since training began or went on. */
  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  start({ updateIndex }: { updateIndex: number }, numUpdates: number): void {
    this.#startedAt = performance.now();
    this.#done = updateIndex;
    this.#progress = new Progress({ ...this.#options, unit: "updates", total: numUpdates, done: updateIndex });
    this.#show();
  }

  tokens(count: number): void {
    this.#evaluating = false;
    this.tokensTrained += count;
    this.#show();
  }

  evaluating(): void {
    this.#evaluating = true;
    this.#show();
  }

  record(record: TrainingRecord): void {
    if (record.kind === "update") {
      this.#done = record.updateIndex;
      this.#losses = [...this.#losses, record.loss].slice(-shownUpdates);
    } else {
      this.#evaluating = false;
      this.#heldOutLoss = record.loss;
    }
    this.#show();
  }

  end(): void {
    this.#progress?.end();
  }

  #show(): void {
    const parts: string[] = [];
    if (this.#losses.length > 0) {
      parts.push(`loss ${(this.#losses.reduce((sum, loss) => sum + loss, 0) / this.#losses.length).toFixed(4)}`);
    }
    if (this.#heldOutLoss !== undefined) parts.push(`held-out loss ${this.#heldOutLoss.toFixed(4)}`);
    if (this.#evaluating) parts.push("evaluating");
    if (this.tokensTrained > 0) parts.push(`${(this.tokensTrained / this.seconds).toFixed(0)} tokens/s`);
    parts.push(formatByteSize(peakMemoryBytes()));
    this.#progress?.update(this.#done, parts.join(", "));
  }
}
