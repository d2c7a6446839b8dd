/**
 * The lines of a body as they come: LF or CRLF, empty ones passed over. A line that is too long or not UTF-8 is an error of
 * its own, and the next one is read.
 */
import { isUtf8 } from "node:buffer";
import type { Readable } from "node:stream";
import type { ErprmError } from "../../errors.js";
import { busyError, requestError } from "../http-status.js";

export type BodyLine = { line: number } & ({ text: string } | { error: ErprmError });

export interface ReadLinesOptions {
  maxLineBytes: number;
  /** Seconds without a byte while one is waited for. */
  idleSeconds: number;
  /** Nothing is read after it fires. */
  stopping: AbortSignal;
}

const newline = 0x0a;

class LineCutter {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #numBytes = 0;
  #line = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  *cut(chunk: Buffer): Generator<BodyLine, void, undefined> {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#keep(chunk.subarray(start, end));
      yield* this.end();
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** The line that was begun, if there is one. */
  *end(): Generator<BodyLine, void, undefined> {
    const bytes = Buffer.concat(this.#parts);
    const numBytes = this.#numBytes;
    this.#parts = [];
    this.#numBytes = 0;
    this.#line += 1;
    const line = this.#line;
    const fail = (message: string, status: number) => ({
      line,
      error: requestError(status, `line ${line}: ${message}`, {}, "ERPRM_INVALID_DATA"),
    });
    if (numBytes > this.#maxBytes) yield fail(`Expected at most ${this.#maxBytes} bytes, received ${numBytes}`, 413);
    else if (!isUtf8(bytes)) yield fail("Expected UTF-8, received bytes that are not", 400);
    else {
      const text = bytes.toString("utf8").trim();
      if (text !== "") yield { line, text };
    }
  }

  /** What is beyond the limit is counted only. */
  #keep(bytes: Buffer): void {
    this.#numBytes += bytes.length;
    if (this.#numBytes <= this.#maxBytes) this.#parts.push(bytes);
  }
}

/** @throws 408 for a client that is silent too long, 503 when the service stops; what the body throws when it breaks off */
export async function* readLines(
  body: Readable,
  { maxLineBytes, idleSeconds, stopping }: ReadLinesOptions,
): AsyncGenerator<BodyLine, void, undefined> {
  const cutter = new LineCutter(maxLineBytes);
  const chunks = body.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const next = await nextChunk(chunks, idleSeconds, stopping);
      if (next.done) break;
      yield* cutter.cut(next.value);
    }
  } finally {
    // What is left of the body is dropped by whoever answers it.
    void chunks.return?.();
  }
  yield* cutter.end();
}

function nextChunk(chunks: AsyncIterator<Buffer>, idleSeconds: number, stopping: AbortSignal) {
  return new Promise<IteratorResult<Buffer>>((resolve, reject) => {
    const stop = () => done(() => reject(busyError("The server is shutting down", 1, 503)));
    const idle = () =>
      done(() => reject(requestError(408, `Expected a line within ${idleSeconds} seconds, received none`)));
    const timer = setTimeout(idle, idleSeconds * 1000);
    const done = (settle: () => void) => {
      clearTimeout(timer);
      stopping.removeEventListener("abort", stop);
      settle();
    };
    stopping.addEventListener("abort", stop, { once: true });
    if (stopping.aborted) return stop();
    chunks.next().then(
      (result) => done(() => resolve(result)),
      (error: unknown) => done(() => reject(error)),
    );
  });
}
