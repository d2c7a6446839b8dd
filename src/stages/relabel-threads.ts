/** Blocks of lines relabelled by several threads, handed on in their order. */
import { Worker } from "node:worker_threads";
import type { Place } from "../data/data-error.js";
import type { LineBlock } from "../data/line-blocks.js";
import { splitLines } from "../data/lines.js";
import type { RelabelOptions } from "./relabel.js";
import { type RelabelledBlock, relabelBlock } from "./relabel-block.js";
import { RelabelLine } from "./relabel-line.js";

/** What a thread says to a block. */
export type Answer = { relabelled: RelabelledBlock } | { failed: Uint8Array<ArrayBuffer> };

type Ended<T> = T & Pick<LineBlock, "end">;

/** Blocks that wait for a thread, so that none waits for a block. */
const blocksPerThread = 3;

/**
 * @param threads from 2; with 1 the calling thread does the work
 * @param first the line that the first block begins with
 * @param limit records that are relabelled, at most
 * @throws ERPRM_INVALID_DATA {file, line, field} as `readLabels` and `relabelStage`, when the blocks before were handed on
 */
export async function* relabelBlocks(
  blocks: AsyncIterable<LineBlock>,
  first: Place,
  options: RelabelOptions,
  { threads, limit = Number.POSITIVE_INFINITY }: { threads: number; limit?: number | undefined },
): AsyncGenerator<Ended<RelabelledBlock>, void, undefined> {
  const place = { ...first };
  const relabel = new RelabelLine(options);
  // Threads do not know how many records others have found.
  const answers =
    threads > 1 && limit === Number.POSITIVE_INFINITY ? answersOf(blocks, options, threads) : asFailed(blocks);
  let left = limit;
  for await (const { answer, end } of answers) {
    const relabelled =
      "relabelled" in answer ? answer.relabelled : await relabelHere(answer.failed, place, relabel, left);
    place.line += relabelled.numLines;
    left -= relabelled.sums.labelled;
    yield { ...relabelled, end };
    if (left <= 0) return;
  }
}

async function relabelHere(bytes: Uint8Array<ArrayBuffer>, first: Place, relabel: RelabelLine, limit: number) {
  try {
    return relabelBlock({ bytes }, first, relabel, limit);
  } catch (error) {
    // Bytes that are not UTF-8 are an error of the block there, and of a line here.
    for await (const { text, line } of splitLines([bytes], first.file, first.line)) {
      if (text.trim() !== "") relabel.ofText(text, { file: first.file, line });
    }
    throw error;
  }
}

async function* asFailed(blocks: AsyncIterable<LineBlock>): AsyncGenerator<Ended<{ answer: Answer }>> {
  for await (const { bytes, end } of blocks) yield { answer: { failed: bytes }, end };
}

async function* answersOf(
  blocks: AsyncIterable<LineBlock>,
  options: RelabelOptions,
  threads: number,
): AsyncGenerator<Ended<{ answer: Answer }>> {
  const team = Array.from({ length: threads }, () => new Helper(options));
  const waiting: Promise<Ended<{ answer: Answer }>>[] = [];
  let next = 0;
  try {
    for await (const { bytes, end } of blocks) {
      const helper = team[next++ % threads] as Helper;
      const answer = helper.ask(bytes).then((one) => ({ answer: one, end }));
      // Whoever takes it learns of a failure; it may be left behind by an earlier one's.
      answer.catch(() => {});
      waiting.push(answer);
      if (waiting.length >= blocksPerThread * threads) yield await (waiting.shift() as (typeof waiting)[0]);
    }
    for (const answer of waiting) yield await answer;
  } finally {
    await Promise.all(team.map((helper) => helper.close()));
  }
}

/** A thread that answers in the order it was asked. */
class Helper {
  readonly #worker: Worker;
  #failure: Error | undefined;
  readonly #asked: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = [];

  constructor(options: RelabelOptions) {
    this.#worker = new Worker(new URL("./relabel-worker.js", import.meta.url), { workerData: options, execArgv: [] });
    this.#worker.on("message", (answer: Answer) => this.#asked.shift()?.resolve(answer));
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", (code) => this.#fail(new Error(`Expected a thread to go on, it ended with ${code}`)));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#asked.splice(0)) reject(this.#failure);
  }

  ask(bytes: Uint8Array<ArrayBuffer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#asked.push({ resolve, reject });
      this.#worker.postMessage(bytes, [bytes.buffer]);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
