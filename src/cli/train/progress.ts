/** The progress of a training: updates done, loss, held-out loss and measures, tokens a second, memory; refreshed within long updates. */
import type { TrainingProgress } from "../../stages/train.js";
import type { HeldOutRecord, TrainingRecord } from "../../training/training-record.js";
import { formatByteSize } from "../byte-size.js";
import { Progress, type ProgressOptions } from "../progress.js";

/** Updates that the shown loss is the mean of. */
const shownUpdates = 20;

/** Bytes of memory that this process had at most. Linux counts in kibibytes. */
export function peakMemoryBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

/** `held-out loss 0.5432 (Brier score 0.181, area 0.804, calibration 0.041)`; a policy has no measures. */
function heldOutText({ loss, measures }: HeldOutRecord): string {
  const shown = [
    ["Brier score", measures?.brierScore],
    ["area", measures?.areaUnderCurve],
    ["calibration", measures?.calibrationError],
  ] as const;
  const texts = shown.flatMap(([name, value]) => (typeof value === "number" ? [`${name} ${value.toFixed(3)}`] : []));
  return `held-out loss ${loss.toFixed(4)}${texts.length > 0 ? ` (${texts.join(", ")})` : ""}`;
}

export class TrainProgress implements TrainingProgress {
  readonly #options: Omit<ProgressOptions, "unit" | "total" | "done">;
  #progress: Progress | undefined;
  #startedAt = performance.now();
  #done = 0;
  #losses: number[] = [];
  #heldOut: HeldOutRecord | undefined;
  #evaluating = false;
  #hasRecords = false;
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
      this.#heldOut = record;
    }
    this.#show();
    // The first record shows that all is well long before ten seconds of a large model are over.
    if (!this.#hasRecords) this.#progress?.line();
    this.#hasRecords = true;
  }

  end(): void {
    if (this.#hasRecords) this.#progress?.line();
    this.#progress?.end();
  }

  #show(): void {
    const parts: string[] = [];
    if (this.#losses.length > 0) {
      parts.push(`loss ${(this.#losses.reduce((sum, loss) => sum + loss, 0) / this.#losses.length).toFixed(4)}`);
    }
    if (this.#heldOut) parts.push(heldOutText(this.#heldOut));
    if (this.#evaluating) parts.push("evaluating");
    if (this.tokensTrained > 0) parts.push(`${(this.tokensTrained / this.seconds).toFixed(0)} tokens/s`);
    parts.push(formatByteSize(peakMemoryBytes()));
    this.#progress?.update(this.#done, parts.join(", "));
  }
}
