/**
 * Who may decode next. The engine decodes a bounded number of completions together; those of all clients share these slots.
 * A slot that comes free goes to the client that holds the fewest, so one with a thousand completions does not hold up one
 * with a single one; of clients that hold equally many, to the one that was not served for longest, a new one since it came:
 * however many come anew, nobody waits behind all of them. Within a client: first come, first served.
 *
 * Slots are given in pieces of several completions of one prompt, because a piece computes its prompt once: a quarter of
 * the slots, or all free ones where nobody else waits. The last piece may go beyond the slots: the engine keeps the rest of
 * it until slots come free, so that none stays empty meanwhile.
 */
import { abortedError } from "../../policy/native-call.js";

interface Request {
  wanted: number;
  give(count: number): void;
}

interface Client {
  held: number;
  /** Number of the last turn that it was given, or that anybody was given before it came. */
  lastTurn: number;
  requests: Set<Request>;
}

export class Slots {
  readonly #numSlots: number;
  readonly #pieceSize: number;
  readonly #clients = new Map<string, Client>();
  #held = 0;
  #turn = 0;

  /** @param numSlots completions that the engine decodes together, at least 1 */
  constructor(numSlots: number) {
    this.#numSlots = numSlots;
    this.#pieceSize = Math.max(1, Math.floor(numSlots / 4));
  }

  /** Completions that were started and have not ended. */
  get held(): number {
    return this.#held;
  }

  /**
   * Waits for a turn. @returns how many of the `wanted` completions (at least 1) may start now
   * @throws ERPRM_ABORTED
   */
  acquire(name: string, wanted: number, signal: AbortSignal): Promise<number> {
    if (signal.aborted) return Promise.reject(abortedError(signal));
    return new Promise((resolve, reject) => {
      const client = this.#clients.get(name) ?? { held: 0, lastTurn: this.#turn, requests: new Set<Request>() };
      this.#clients.set(name, client);
      const leave = () => {
        client.requests.delete(request);
        this.#forget(name, client);
        reject(abortedError(signal));
      };
      const request: Request = {
        wanted,
        give: (count) => {
          signal.removeEventListener("abort", leave);
          resolve(count);
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      client.requests.add(request);
      this.#serve();
    });
  }

  /** `count` completions of the client have ended. */
  release(name: string, count: number): void {
    const client = this.#clients.get(name);
    if (client === undefined || count === 0) return;
    client.held -= count;
    this.#held -= count;
    this.#forget(name, client);
    this.#serve();
  }

  #serve(): void {
    while (this.#held < this.#numSlots) {
      const client = this.#next();
      const [request] = client?.requests ?? [];
      if (client === undefined || request === undefined) return;
      client.requests.delete(request);
      const isAlone = client.requests.size === 0 && this.#next() === undefined;
      const most = isAlone ? Math.max(this.#pieceSize, this.#numSlots - this.#held) : this.#pieceSize;
      const count = Math.min(request.wanted, most);
      client.held += count;
      this.#held += count;
      this.#turn += 1;
      client.lastTurn = this.#turn;
      request.give(count);
    }
  }

  #next(): Client | undefined {
    let first: Client | undefined;
    for (const client of this.#clients.values()) {
      if (client.requests.size === 0) continue;
      const isFirst =
        first === undefined ||
        client.held < first.held ||
        (client.held === first.held && client.lastTurn < first.lastTurn);
      if (isFirst) first = client;
    }
    return first;
  }

  #forget(name: string, client: Client): void {
    if (client.held === 0 && client.requests.size === 0) this.#clients.delete(name);
  }
}
