/**
 * The queue in front of one reward model. What many clients ask for goes through the model together: a batch leaves when it
 * has the tokens of a forward pass, or when the one that waits longest has waited for the time given. One pass at a time.
 */
import { ErprmError } from "../errors.js";
import { abortedError } from "../policy/native-call.js";
import type { EncodedSteps } from "../reward/encode-steps.js";
import { FairQueue, type Waiting } from "./fair-queue.js";
import { busyError } from "./http-status.js";
import { TokenRate } from "./token-rate.js";

export interface ScoringQueueOptions {
  /** One forward pass. What it throws is met by every solution of the batch, numerical trouble only by those that have it. */
  score(batch: readonly EncodedSteps[]): Promise<number[][]>;
  /** Tokens of a forward pass; a solution with more has one of its own. */
  tokensPerBatch: number;
  /** Longest time that the first solution of a batch waits for other clients' while the model is idle; none for a client alone. */
  batchWaitMs: number;
  /** Tokens that may wait; one client may hold half of them. */
  maxQueuedTokens: number;
  observer?: QueueObserver | undefined;
}

/** Is told what happens. */
export interface QueueObserver {
  batch(numSolutions: number, numTokens: number, seconds: number): void;
  /** Seconds that a solution spent in the queue. */
  waited(seconds: number): void;
  refused(): void;
  /** Solutions whose client went away before they were taken. */
  abandoned(): void;
}

interface Entry extends Waiting {
  encoded: EncodedSteps;
  /** Milliseconds, monotonic. */
  arrived: number;
  scored(stepScores: number[]): void;
  failed(error: unknown): void;
}

/** Faults of one solution that spoil the pass for its neighbours. */
const faultsOfOne = new Set(["ERPRM_NUMERICAL", "ERPRM_OUT_OF_MEMORY"]);
const maxRetryAfterSeconds = 60;

export class ScoringQueue {
  readonly #options: ScoringQueueOptions;
  readonly #queue = new FairQueue<Entry>();
  readonly #rate = new TokenRate();
  #running = false;
  /** Clients of the last pass. Unknown before the first one, which waits for company. */
  #numClients = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  /** Who waits for room. */
  readonly #changed = new Set<() => void>();

  constructor(options: ScoringQueueOptions) {
    this.#options = options;
  }

  get numSolutions(): number {
    return this.#queue.numEntries;
  }

  get numTokens(): number {
    return this.#queue.numTokens;
  }

  /** Seconds until what waits now is worked off, from the measured rate; from 1 to 60, 1 while nothing was measured. */
  get retryAfterSeconds(): number {
    const seconds = this.#rate.secondsFor(this.#queue.numTokens) ?? 1;
    return Math.min(Math.max(Math.ceil(seconds), 1), maxRetryAfterSeconds);
  }

  /**
   * Step scores of solutions in their order; all of them are taken into the queue or none.
   * @throws ERPRM_BUSY {status: 429, retryAfterSeconds} when there is no room, ERPRM_ABORTED, and what `score` throws. The
   *   others that still wait are then given up; a pass that has begun goes on without anybody.
   */
  submit(client: string, solutions: readonly EncodedSteps[], signal?: AbortSignal): Promise<number[][]> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) throw abortedError(signal);
      const numTokens = solutions.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
      this.expectRoom(client, numTokens);
      const all: number[][] = [];
      let numLeft = solutions.length;
      if (numLeft === 0) resolve(all);
      const failed = (error: unknown) => {
        signal?.removeEventListener("abort", aborted);
        for (const entry of entries) if (this.#queue.remove(entry)) this.#options.observer?.abandoned();
        this.#wake();
        this.#schedule();
        reject(error);
      };
      const aborted = () => failed(abortedError(signal as AbortSignal));
      const arrived = performance.now();
      const entries = solutions.map((encoded, i): Entry => {
        const scored = (stepScores: number[]) => {
          all[i] = stepScores;
          numLeft -= 1;
          if (numLeft > 0) return;
          signal?.removeEventListener("abort", aborted);
          resolve(all);
        };
        return { client, numTokens: encoded.tokenIds.length, encoded, arrived, scored, failed };
      });
      signal?.addEventListener("abort", aborted, { once: true });
      for (const entry of entries) this.#queue.push(entry);
      this.#schedule();
    });
  }

  /** Before work is put into a request that there is no room for. @throws ERPRM_BUSY as `submit` */
  expectRoom(client: string, numTokens = 1): void {
    if (this.#fits(client, numTokens)) return;
    this.#options.observer?.refused();
    throw busyError("The queue is full", this.retryAfterSeconds);
  }

  /** As `submit`, but waits for room instead of refusing. @throws ERPRM_ABORTED, and what `score` throws */
  async submitWhenRoom(client: string, solution: EncodedSteps, signal: AbortSignal): Promise<number[]> {
    while (!this.#fits(client, solution.tokenIds.length)) {
      await this.#change(signal);
      if (signal.aborted) throw abortedError(signal);
    }
    const [stepScores] = await this.submit(client, [solution], signal);
    return stepScores as number[];
  }

  /** Resolves when entries have left the queue, or the signal fired. */
  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#changed.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#changed.add(wake);
      signal.addEventListener("abort", wake);
      if (signal.aborted) wake();
    });
  }

  /** An empty queue takes anything: what fits nowhere else would never be scored. */
  #fits(client: string, numTokens: number): boolean {
    const { maxQueuedTokens } = this.#options;
    const inAll = this.#queue.numTokens + numTokens;
    const ofClient = this.#queue.tokensOf(client) + numTokens;
    return this.#queue.numEntries === 0 || (inAll <= maxQueuedTokens && ofClient <= maxQueuedTokens / 2);
  }

  #wake(): void {
    for (const wake of [...this.#changed]) wake();
  }

  /** Starts a pass, now or when the first has waited long enough. */
  #schedule(): void {
    if (this.#queue.numEntries === 0) this.#stopTimer();
    if (this.#running || this.#queue.numEntries === 0) return;
    const { tokensPerBatch, batchWaitMs } = this.#options;
    const isFull = this.#queue.numTokens >= tokensPerBatch;
    const heads = Array.from(this.#queue.heads(), ({ arrived }) => arrived);
    // Who was alone in the last pass and is alone now would wait for nobody.
    const isAlone = this.#numClients <= 1 && heads.length === 1;
    const waitMs = isFull || isAlone ? 0 : batchWaitMs - (performance.now() - Math.min(...heads));
    if (waitMs > 0) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#schedule();
      }, waitMs);
      return;
    }
    this.#stopTimer();
    void this.#work();
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #work(): Promise<void> {
    const batch = this.#queue.take(this.#options.tokensPerBatch);
    if (batch.length === 0) return;
    this.#running = true;
    this.#numClients = new Set(batch.map(({ client }) => client)).size;
    const now = performance.now();
    for (const { arrived } of batch) this.#options.observer?.waited((now - arrived) / 1000);
    this.#wake();
    await this.#pass(batch);
    this.#running = false;
    this.#schedule();
  }

  /** Never rejects: every entry is settled. */
  async #pass(batch: readonly Entry[]): Promise<void> {
    const since = performance.now();
    try {
      const scores = await this.#options.score(batch.map(({ encoded }) => encoded));
      const seconds = (performance.now() - since) / 1000;
      const numTokens = batch.reduce((sum, entry) => sum + entry.numTokens, 0);
      this.#rate.add(numTokens, seconds);
      this.#options.observer?.batch(batch.length, numTokens, seconds);
      for (const [i, entry] of batch.entries()) {
        entry.scored(scores[i] as number[]);
      }
    } catch (error) {
      if (batch.length > 1 && error instanceof ErprmError && faultsOfOne.has(error.code)) {
        for (const entry of batch) await this.#pass([entry]);
        return;
      }
      for (const entry of batch) entry.failed(error);
    }
  }
}
