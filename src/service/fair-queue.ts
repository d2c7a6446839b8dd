/**
 * Work of many clients, taken out fairly: the next piece is that of the client that has been given the fewest tokens since it
 * began to wait, so that one with a thousand long solutions does not hold up one with a short one. Within a client: first
 * in, first out. No time, no promises.
 */
export interface Waiting {
  client: string;
  numTokens: number;
}

interface Line<T> {
  entries: Set<T>;
  numTokens: number;
  /** Tokens given, on a scale that all clients share: who comes new begins where the others are. */
  given: number;
}

export class FairQueue<T extends Waiting> {
  readonly #lines = new Map<string, Line<T>>();
  /** Where the client that was served last stood. */
  #level = 0;
  #numEntries = 0;
  #numTokens = 0;

  get numEntries(): number {
    return this.#numEntries;
  }

  get numTokens(): number {
    return this.#numTokens;
  }

  tokensOf(client: string): number {
    return this.#lines.get(client)?.numTokens ?? 0;
  }

  push(entry: T): void {
    const line = this.#lines.get(entry.client) ?? { entries: new Set<T>(), numTokens: 0, given: this.#level };
    this.#lines.set(entry.client, line);
    if (line.entries.size === 0) line.given = Math.max(line.given, this.#level);
    line.entries.add(entry);
    this.#count(line, entry, 1);
  }

  /** False when it is not there any more. */
  remove(entry: T): boolean {
    const line = this.#lines.get(entry.client);
    if (!line?.entries.delete(entry)) return false;
    this.#count(line, entry, -1);
    this.#forget();
    return true;
  }

  /** Takes out as much as the tokens allow, one entry at least; none when nothing waits. */
  take(maxTokens: number): T[] {
    const taken: T[] = [];
    let tokens = 0;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const [line, entry] = next;
      if (taken.length > 0 && tokens + entry.numTokens > maxTokens) break;
      line.entries.delete(entry);
      this.#count(line, entry, -1);
      this.#level = line.given;
      line.given += entry.numTokens;
      taken.push(entry);
      tokens += entry.numTokens;
    }
    this.#forget();
    return taken;
  }

  /** The entries that have waited longest, one of each client. */
  *heads(): Generator<T, void, undefined> {
    for (const { entries } of this.#lines.values()) {
      for (const entry of entries) {
        yield entry;
        break;
      }
    }
  }

  #next(): [Line<T>, T] | undefined {
    let first: Line<T> | undefined;
    for (const line of this.#lines.values()) {
      if (line.entries.size > 0 && (first === undefined || line.given < first.given)) first = line;
    }
    const [entry] = first?.entries ?? [];
    return first === undefined || entry === undefined ? undefined : [first, entry];
  }

  #count(line: Line<T>, { numTokens }: T, sign: 1 | -1): void {
    line.numTokens += sign * numTokens;
    this.#numTokens += sign * numTokens;
    this.#numEntries += sign;
  }

  /** Clients that wait for nothing and have no lead are as good as new. */
  #forget(): void {
    if (this.#numEntries === 0) {
      this.#lines.clear();
      this.#level = 0;
      return;
    }
    for (const [client, { entries, given }] of this.#lines) {
      if (entries.size === 0 && given <= this.#level) this.#lines.delete(client);
    }
  }
}
