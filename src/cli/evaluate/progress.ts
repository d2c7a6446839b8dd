/** The progress of an evaluation behind its scoring: one bar after another, each named by what is being computed. */
import type { EvaluationProgress } from "../../stages/evaluate.js";
import { Progress, type ProgressOptions } from "../progress.js";

export class EvaluationBar {
  readonly #options: Pick<ProgressOptions, "quiet" | "stream" | "now">;
  #bar: Progress | undefined;
  #last: EvaluationProgress | undefined;

  constructor(options: Pick<ProgressOptions, "quiet" | "stream" | "now">) {
    this.#options = options;
  }

  /** A bar of its own for everything that has another name, and for what begins anew under the same one. */
  show = (progress: EvaluationProgress): void => {
    const { what, unit, done, total } = progress;
    if (!this.#bar || this.#last?.what !== what || done < this.#last.done) {
      this.end();
      this.#bar = new Progress({ title: `evaluate: ${what}`, unit, total, done, ...this.#options });
    }
    this.#last = progress;
    this.#bar.update(done);
  };

  end(): void {
    this.#bar?.end();
    this.#bar = undefined;
  }
}
