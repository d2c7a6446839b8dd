/**
 * A pool of threads that grade pairs, each under a hard time budget. A thread that exceeds it is terminated and
 * replaced; the budget runs from when a thread takes the pair, never while the pair waits. Idle threads do not keep the
 * process alive.
 */
import { Worker } from "node:worker_threads";
import { expectInteger, expectPositiveInteger, expectString } from "../check.js";
import { ErprmError } from "../errors.js";
import { extract } from "./extract.js";
import { maxAnswerLength, maxTextLength } from "./limits.js";
import { type GradeOptions, type ResolvedOptions, resolveOptions } from "./options.js";
import { compareTrivially } from "./trivial.js";

export interface Verdict {
  correct: boolean;
  /**
   * The rule that decided: `string`, `number`, `exact`, `numeric`, `rounding`, `text`, `choice`, `set`, `list`, `tuple`,
   * `interval`, `matrix`, `equation`, `percent`, `base`, ...; `no-answer` where a text states none, `timeout` where the
   * budget ran out, `fault` where the thread died.
   */
  method: string;
}

export interface GraderOptions extends GradeOptions {
  /** Threads; started when there is work for them. Default 2. */
  threads?: number;
  /** Milliseconds of computing that one pair may take, 1 to 600000. Default 2000. */
  budgetMs?: number;
}

interface Job {
  candidate: string;
  reference: string;
  overrides: ResolvedOptions | undefined;
  settle: (verdict: Verdict) => void;
}

interface Slot {
  worker: Worker;
  isReady: boolean;
  job?: Job;
  timer?: NodeJS.Timeout;
}

/** Longest text whose answer is looked for on the calling thread: the search is linear and takes microseconds. */
const maxTextOnCaller = 20_000;

/** Grades pairs of texts in parallel. */
export class Grader {
  readonly threads: number;
  readonly budgetMs: number;
  private readonly options: ResolvedOptions;
  private readonly slots = new Set<Slot>();
  private readonly queue: Job[] = [];
  private head = 0;
  private isDisposed = false;

  /** @throws ERPRM_INVALID_ARGUMENT */
  constructor(options: GraderOptions = {}) {
    this.threads = expectInteger("threads", options.threads ?? 2, 1, 256);
    this.budgetMs = expectPositiveInteger("budgetMs", options.budgetMs ?? 2_000);
    expectInteger("budgetMs", this.budgetMs, 1, 600_000);
    this.options = resolveOptions(options);
  }

  /**
   * Grades a candidate against a reference answer. Both may be whole solutions or bare answers.
   * Rejects with ERPRM_INVALID_ARGUMENT for anything but strings, ERPRM_DISPOSED after `dispose`.
   */
  async grade(candidate: string, reference: string, options?: GradeOptions): Promise<Verdict> {
    expectString("candidate", candidate);
    expectString("reference", reference);
    if (this.isDisposed)
      throw new ErprmError("ERPRM_DISPOSED", "Expected grader to be in use, it has been disposed of", {
        name: "grader",
      });
    const overrides = options === undefined ? undefined : resolveOptions({ ...this.options, ...options });
    const verdict = gradeOnCaller(candidate, reference, overrides ?? this.options);
    if (verdict) return verdict;
    return new Promise((settle) => {
      this.queue.push({ candidate, reference, overrides, settle });
      this.dispatch();
    });
  }

  /** The verdicts of many pairs, in their order. */
  async gradeMany(pairs: Iterable<readonly [candidate: string, reference: string]>): Promise<Verdict[]> {
    return Promise.all(Array.from(pairs, ([candidate, reference]) => this.grade(candidate, reference)));
  }

  /** Stops the threads. Pairs that wait or run get `{correct: false, method: "disposed"}`. */
  async dispose(): Promise<void> {
    this.isDisposed = true;
    const waiting = this.queue.slice(this.head);
    this.queue.length = this.head = 0;
    const slots = [...this.slots];
    this.slots.clear();
    for (const job of [...waiting, ...slots.flatMap((slot) => slot.job ?? [])])
      job.settle({ correct: false, method: "disposed" });
    await Promise.all(slots.map((slot) => this.retire(slot)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  private get numWaiting(): number {
    return this.queue.length - this.head;
  }

  private dispatch(): void {
    for (const slot of this.slots) {
      if (this.numWaiting === 0) return;
      if (slot.isReady && !slot.job) this.start(slot);
    }
    let numStarting = [...this.slots].filter((slot) => !slot.isReady).length;
    while (this.slots.size < this.threads && this.numWaiting > numStarting) {
      this.slots.add(this.open());
      numStarting += 1;
    }
  }

  private open(): Slot {
    const worker = new Worker(new URL("./worker.js", import.meta.url), {
      workerData: this.options,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 512, stackSizeMb: 8 },
    });
    const slot: Slot = { worker, isReady: false };
    worker.on("message", (message: Verdict | "ready") => {
      if (message === "ready") slot.isReady = true;
      else this.finish(slot, message);
      this.next(slot);
    });
    worker.on("error", () => this.replace(slot, "fault"));
    worker.on("exit", () => this.replace(slot, "fault"));
    return slot;
  }

  private start(slot: Slot): void {
    const job = this.queue[this.head] as Job;
    this.head += 1;
    if (this.head === this.queue.length || this.head > 4096) {
      this.queue.splice(0, this.head);
      this.head = 0;
    }
    slot.job = job;
    slot.worker.ref();
    slot.timer = setTimeout(() => this.replace(slot, "timeout"), this.budgetMs);
    slot.worker.postMessage([job.candidate, job.reference, job.overrides]);
  }

  private finish(slot: Slot, verdict: Verdict): void {
    clearTimeout(slot.timer);
    const { job } = slot;
    delete slot.job;
    job?.settle(verdict);
  }

  /** The thread is free: the next pair, or rest without holding the process. */
  private next(slot: Slot): void {
    if (!this.slots.has(slot) || slot.job) return;
    if (this.numWaiting > 0) this.start(slot);
    else slot.worker.unref();
  }

  /** A thread that hangs or died: its pair is settled, the pairs that wait get another thread. */
  private replace(slot: Slot, method: "timeout" | "fault"): void {
    if (!this.slots.delete(slot)) return;
    // A thread that dies before it was ready would die again: the pair it was started for is settled, not retried.
    if (!slot.job && !slot.isReady && this.numWaiting > 0) {
      slot.job = this.queue[this.head] as Job;
      this.head += 1;
    }
    this.finish(slot, { correct: false, method });
    void this.retire(slot);
    this.dispatch();
  }

  private async retire(slot: Slot): Promise<void> {
    clearTimeout(slot.timer);
    await slot.worker.terminate();
  }
}

/** Settles a pair at once when both sides are, or state, plain numbers or the same string. */
function gradeOnCaller(candidate: string, reference: string, options: ResolvedOptions): Verdict | undefined {
  const verdict = compareTrivially(candidate, reference, options);
  if (verdict) return verdict;
  if (candidate.length > maxTextLength && reference.length > maxTextLength) return undefined;
  if (candidate.length > maxTextOnCaller || reference.length > maxAnswerLength) return undefined;
  const [left, right] = [extract(candidate), extract(reference)];
  return left && right && left.rule !== "conclusion" && right.rule !== "conclusion"
    ? compareTrivially(left.answer, right.answer, options)
    : undefined;
}

let shared: Grader | undefined;

/**
 * Grades a candidate against a reference answer; both may be whole solutions or bare answers. Runs on a shared pool of
 * two threads that is started when first needed and never keeps the process alive; a pair that takes longer than two
 * seconds is `{correct: false, method: "timeout"}`. Never throws on any string.
 * @throws ERPRM_INVALID_ARGUMENT for anything but strings
 * @example await gradeAnswer("So $x = \\boxed{\\frac12}$.", "0.5") // { correct: true, method: "exact" }
 */
export async function gradeAnswer(candidate: string, reference: string, options?: GradeOptions): Promise<Verdict> {
  shared ??= new Grader();
  return shared.grade(candidate, reference, options);
}
