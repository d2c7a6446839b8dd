/** Work that was started, read in the order it was started in; a bounded number of results waits to be read. */
export class InFlight<R> {
  readonly #max: number;
  readonly #results: Promise<R>[] = [];
  #stopped = false;
  #ended = false;
  #wakeReader = () => {};
  #wakeWriter = () => {};

  constructor(max: number) {
    this.#max = max;
  }

  /** True when one more may be started, false once it was stopped. */
  async room(): Promise<boolean> {
    while (this.#results.length >= this.#max && !this.#stopped) {
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
    }
    return !this.#stopped;
  }

  /** `result` must not reject. */
  add(result: Promise<R>): void {
    this.#results.push(result);
    this.#wakeReader();
  }

  /** Nothing more is wanted. */
  stop(): void {
    this.#stopped = true;
    this.#wakeWriter();
  }

  /** Nothing more comes. */
  end(): void {
    this.#ended = true;
    this.#wakeReader();
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
