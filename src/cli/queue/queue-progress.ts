/** The progress of a run on many machines, seen from its writer: records, rates, workers, and what hangs. */
import { type WorkerBoard, workerName } from "../../queue/worker-board.js";
import { formatDuration, Progress, type ProgressOptions } from "../progress.js";
import { WorkerCall } from "./worker-call.js";

const refreshMs = 500;
/** Units take different times; one that takes longer than this is worth a word. */
const slowSeconds = 10;

export interface QueueProgressOptions extends ProgressOptions {
  done: number;
  /** Says how a worker is started. */
  howToWork: string;
  refreshMs?: number;
}

export class QueueProgress {
  readonly #progress: Progress;
  readonly #board: WorkerBoard;
  readonly #tell: (text: string) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  readonly #call: WorkerCall;
  #done: number;
  #rollouts = 0;
  numUnits = 0;

  /**
   * `tell` is told when workers come and go, and `howToWork` where none is there; the bar makes room.
   * `now`: milliseconds, monotonic.
   */
  constructor(board: WorkerBoard, options: QueueProgressOptions, tell: (text: string) => void) {
    this.#call = new WorkerCall(options.now);
    this.#progress = new Progress(options);
    this.#board = board;
    this.#done = options.done;
    this.#tell = (text) => {
      this.#progress.end();
      tell(text);
    };
    this.#timer = setInterval(() => {
      for (const text of board.dropSilent()) this.#tell(text);
      const seconds = this.#call.due(board.numWorkers);
      if (seconds !== undefined) this.#tell(`no worker for ${formatDuration(seconds)}: ${options.howToWork}`);
      this.#show();
    }, options.refreshMs ?? refreshMs);
    this.#timer.unref();
  }

  tell(text: string): void {
    this.#tell(text);
  }

  /** A unit is written. */
  advance(records: number, rollouts: number): void {
    this.#done += records;
    this.#rollouts += rollouts;
    this.numUnits += 1;
    this.#show();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#progress.end();
  }

  #show(): void {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const workers = this.#board.numWorkers;
    const parts = [workers === 0 ? "no worker" : `${workers} worker${workers === 1 ? "" : "s"}`];
    if (this.numUnits > 0) {
      parts.push(
        `${(this.numUnits / seconds).toPrecision(2)} units/s, ${(this.#rollouts / seconds).toFixed(1)} rollouts/s`,
      );
    }
    const oldest = this.#board.oldest();
    if (oldest && oldest.seconds >= slowSeconds) {
      const where = oldest.isLeft ? "left by" : "at";
      parts.push(`oldest: ${oldest.name} ${where} ${workerName(oldest.worker)} for ${formatDuration(oldest.seconds)}`);
    }
    this.#progress.update(this.#done, parts.join(", "));
  }
}
