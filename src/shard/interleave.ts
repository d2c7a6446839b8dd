/**
 * One file of the whole run from the files of its shards: problem by problem in the order of the input, each from the shard
 * whose turn it is. Lines are taken over as they are; one piece of each file is in memory, and one file is open at a time, as
 * there may be more shards than a process may have files.
 */
import { join } from "node:path";
import { dataError } from "../data/data-error.js";
import { ioError } from "../data/io-error.js";
import { type Line, splitLines } from "../data/lines.js";
import { readPieces } from "../data/read-pieces.js";
import { parseJson } from "../data/read-records.js";
import type { ShardRun } from "./merge-plan.js";

/** Of all pieces together, and the bounds of one: small ones cost an opening each, large ones memory. */
const memoryBytes = 1 << 26;
const [leastBytes, mostBytes] = [1 << 15, 1 << 20];

export interface MergedLine {
  /** As it stands in the shard's file, without its line end. */
  text: string;
  record: { problemId: string };
  /** Place of the shard in the list. */
  shard: number;
}

/** A file that is read one record ahead. */
class Cursor {
  head: (Line & { record: { problemId: string } }) | undefined;
  readonly #lines: AsyncIterator<Line>;

  constructor(
    readonly path: string,
    readonly shard: number,
    pieceBytes: number,
  ) {
    this.#lines = splitLines(readPieces(path, pieceBytes), path)[Symbol.asyncIterator]();
  }

  async advance(): Promise<void> {
    try {
      const { value, done } = await this.#lines.next();
      this.head = done ? undefined : { ...value, record: recordOf(value, this.path) };
    } catch (error) {
      throw ioError(error, this.path, "read");
    }
  }

  async close(): Promise<void> {
    await this.#lines.return?.();
  }
}

function recordOf({ text, line }: Line, file: string): { problemId: string } {
  const record = parseJson(text, { file, line }) as { problemId?: unknown } | null;
  if (typeof record?.problemId === "string") return record as { problemId: string };
  throw dataError("Expected a record with a problemId", { file, line }, "problemId");
}

/**
 * The lines of `name` of all shards, in the order of the whole run.
 * @param runs by index, with their problems, as `planMerge` gives them
 * @throws ERPRM_NOT_FOUND, ERPRM_IO, ERPRM_INVALID_DATA {file, line} for a record that is not where its problem is
 */
export async function* interleave(
  runs: readonly ShardRun[],
  name: string,
): AsyncGenerator<MergedLine, void, undefined> {
  const pieceBytes = Math.min(mostBytes, Math.max(leastBytes, Math.floor(memoryBytes / runs.length)));
  const cursors = runs.map(({ path }, shard) => new Cursor(join(path, name), shard, pieceBytes));
  try {
    for (const cursor of cursors) await cursor.advance();
    const numProblems = runs.reduce((sum, { problemIds }) => sum + problemIds.length, 0);
    for (let place = 0; place < numProblems; place += 1) {
      const turn = place % runs.length;
      const cursor = cursors[turn] as Cursor;
      const problemId = runs[turn]?.problemIds[Math.floor(place / runs.length)];
      while (cursor.head !== undefined && cursor.head.record.problemId === problemId) {
        const { text, record } = cursor.head;
        yield { text, record, shard: turn };
        await cursor.advance();
      }
    }
    const left = cursors.find(({ head }) => head !== undefined);
    if (left?.head) {
      const { record, line } = left.head;
      const message = `Expected the records in the order of the shard's problems, received problem ${JSON.stringify(record.problemId)}`;
      throw dataError(message, { file: left.path, line }, "problemId");
    }
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}
