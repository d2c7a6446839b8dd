/** Work that was started, read in the order it was started in; a bounded number of results waits to be read. */
export class InFlight<R> {
  readonly #max: number;
  readonly #results: Promise<R>[] = [];
  #ended = false;
  #wakeReader = () => {};
  #wakeWriter = () => {};

  constructor(max: number) {
    this.#max = max;
  }

  /** Resolves when one more may be started, or nobody reads any more. */
  async room(): Promise<void> {
    while (this.#results.length >= this.#max && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
    }
  }

  /** `result` must not reject. */
  add(result: Promise<R>): void {
    this.#results.push(result);
    this.#wakeReader();
  }

  /** Nothing more comes, or is wanted. */
  end(): void {
    this.#ended = true;
    this.#wakeReader();
    this.#wakeWriter();
  }

  get ended(): boolean {
    return this.#ended;
  }

  async *results(): AsyncGenerator<R, void, undefined> {
    for (;;) {
      const [head] = this.#results;
      if (head !== undefined) {
        const result = await head;
        this.#results.shift();
        this.#wakeWriter();
        yield result;
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
      }
    }
  }
}
