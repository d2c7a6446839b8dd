/**
 * The servers of one model: each request goes to the one with the least requests in flight, of those that are not left alone
 * for the moment. One that failed gets few requests until it has answered well: those that wait should not all fail with
 * the first one. Requests wait in the order in which they came.
 */
import { abortedError } from "../native-call.js";

export interface Endpoint {
  readonly url: string;
  inFlight: number;
  /** On the clock of `now`. */
  restUntil: number;
  /** Rests one after another, without a good answer between. */
  restsInRow: number;
}

export interface EndpointsOptions {
  /** Requests in flight at one server, at most. */
  concurrency: number;
  /** Milliseconds, monotonic. */
  now?: (() => number) | undefined;
}

/** Of the requests that a server may have in flight, so many are risked with one that failed last. */
const riskedShare = 1 / 8;

interface Waiting {
  /** URLs of servers that it does not want. */
  avoid: ReadonlySet<string>;
  give(endpoint: Endpoint): void;
}

export class Endpoints {
  readonly #all: readonly Endpoint[];
  readonly #options: EndpointsOptions;
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(urls: readonly string[], options: EndpointsOptions) {
    this.#all = urls.map((url) => ({ url, inFlight: 0, restUntil: Number.NEGATIVE_INFINITY, restsInRow: 0 }));
    this.#options = options;
  }

  get inFlight(): number {
    return this.#all.reduce((sum, { inFlight }) => sum + inFlight, 0);
  }

  get size(): number {
    return this.#all.length;
  }

  /** True when every server failed more often in a row than this. */
  haveFailed(times: number): boolean {
    return this.#all.every(({ restsInRow }) => restsInRow > times);
  }

  /** A place at a server, to be given back. `avoid` leaves at least one server. @throws ERPRM_ABORTED */
  acquire(signal: AbortSignal | undefined, avoid: ReadonlySet<string> = new Set()): Promise<Endpoint> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortedError(signal));
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(abortedError(signal as AbortSignal));
      };
      const waiting: Waiting = {
        avoid,
        give: (endpoint) => {
          signal?.removeEventListener("abort", abort);
          resolve(endpoint);
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiting.push(waiting);
      this.#give();
    });
  }

  /** Gives the place back after a good answer. */
  release(endpoint: Endpoint): void {
    endpoint.restsInRow = 0;
    this.#free(endpoint);
  }

  /** Gives the place back, and leaves the server alone for a while. `restMs` is told how often that was done in a row before. */
  rest(endpoint: Endpoint, restMs: (restsInRow: number) => number): void {
    const now = this.#now();
    // The others that were in flight fail for the same reason: one rest for all of them.
    const isResting = endpoint.restUntil > now;
    const ms = restMs(isResting ? endpoint.restsInRow - 1 : endpoint.restsInRow);
    if (!isResting) endpoint.restsInRow += 1;
    endpoint.restUntil = Math.max(endpoint.restUntil, now + ms);
    this.#free(endpoint);
  }

  /** Gives the place back, whatever came. */
  abandon(endpoint: Endpoint): void {
    this.#free(endpoint);
  }

  /** Nobody waits any more. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #now(): number {
    return (this.#options.now ?? (() => performance.now()))();
  }

  #mostInFlight({ restsInRow }: Endpoint): number {
    const { concurrency } = this.#options;
    return restsInRow === 0 ? concurrency : Math.max(1, Math.floor(riskedShare * concurrency));
  }

  #free(endpoint: Endpoint): void {
    endpoint.inFlight -= 1;
    this.#give();
  }

  #give(): void {
    clearTimeout(this.#timer);
    const now = this.#now();
    for (let place = 0; place < this.#waiting.length; ) {
      const waiting = this.#waiting[place] as Waiting;
      const endpoint = this.#choose(now, waiting.avoid);
      if (endpoint === undefined) {
        // Who avoids nothing gets what there is: nobody behind gets more.
        if (waiting.avoid.size === 0) break;
        place += 1;
        continue;
      }
      endpoint.inFlight += 1;
      this.#waiting.splice(place, 1);
      waiting.give(endpoint);
    }
    const rests = this.#all.map(({ restUntil }) => restUntil - now).filter((ms) => ms > 0);
    if (this.#waiting.length > 0 && rests.length > 0) {
      this.#timer = setTimeout(() => this.#give(), Math.ceil(Math.min(...rests)));
    }
  }

  #choose(now: number, avoid: ReadonlySet<string>): Endpoint | undefined {
    const free = this.#all.filter(
      (one) => one.inFlight < this.#mostInFlight(one) && one.restUntil <= now && !avoid.has(one.url),
    );
    return free.reduce<Endpoint | undefined>(
      (best, one) => (best === undefined || one.inFlight < best.inFlight ? one : best),
      undefined,
    );
  }
}
