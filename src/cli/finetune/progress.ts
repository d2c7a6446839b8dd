/** The progress of a fine-tuning: one bar after another, named by round and part, and the seconds that each part took. */
import type { Policy } from "../../policy/policy.js";
import type { FinetunePart, FinetuneProgress } from "../../stages/finetune-options.js";
import type { ModelTrainingProgress } from "../../stages/train-model.js";
import { Progress, type ProgressStream } from "../progress.js";
import { RunProgress } from "../run-progress.js";
import { TrainProgress } from "../train/progress.js";

const units: Record<FinetunePart, string> = {
  "roll out": "solutions",
  score: "solutions",
  train: "updates",
  evaluate: "problems",
  sample: "solutions",
  compare: "solutions",
};

export class FinetuneBars implements FinetuneProgress {
  readonly #options: { numRounds: number; quiet: boolean; stream: ProgressStream };
  readonly #seconds: Partial<Record<FinetunePart, number>> = {};
  #bar: { advance(): void; end(): void } | undefined;
  #current: { part: FinetunePart; startedAt: number } | undefined;

  constructor(options: { numRounds: number; quiet: boolean; stream: ProgressStream }) {
    this.#options = options;
  }

  /** Of this process, by part. */
  get seconds(): Record<string, number> {
    return { ...this.#seconds };
  }

  begin(part: FinetunePart, roundIndex: number, total: number, done: number, policy?: Policy): void {
    this.#clock(part);
    const options = { title: this.#title(part, roundIndex), unit: units[part], total, done, ...this.#shown };
    if (policy) {
      this.#bar = new RunProgress(policy, options);
      return;
    }
    const bar = new Progress(options);
    let count = done;
    this.#bar = { advance: () => bar.update(++count), end: () => bar.end() };
  }

  advance(): void {
    this.#bar?.advance();
  }

  end(): void {
    this.#bar?.end();
    this.#bar = undefined;
    this.#clock(undefined);
  }

  training(roundIndex: number): ModelTrainingProgress {
    this.#clock("train");
    const bar = new TrainProgress({ title: this.#title("train", roundIndex), ...this.#shown });
    const end = bar.end.bind(bar);
    return Object.assign(bar, {
      end: () => {
        end();
        this.#clock(undefined);
      },
    });
  }

  get #shown() {
    return { quiet: this.#options.quiet, stream: this.#options.stream };
  }

  #title(part: FinetunePart, roundIndex: number): string {
    return roundIndex === 0 ? `start: ${part}` : `round ${roundIndex}/${this.#options.numRounds}: ${part}`;
  }

  #clock(part: FinetunePart | undefined): void {
    const now = performance.now();
    if (this.#current) {
      const { part: ended, startedAt } = this.#current;
      this.#seconds[ended] = (this.#seconds[ended] ?? 0) + (now - startedAt) / 1000;
    }
    this.#current = part && { part, startedAt: now };
  }
}
