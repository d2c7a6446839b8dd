/** A file of label records to blocks of lines with other labels, from its beginning or from where an earlier call stopped. */
import { stat } from "node:fs/promises";
import { fileTypeOf } from "../data/file-type.js";
import { ioError } from "../data/io-error.js";
import { lineBlocks } from "../data/line-blocks.js";
import { readBytes } from "../data/read-bytes.js";
import { type PlacedRecord, readRecords } from "../data/read-records.js";
import type { RelabelOptions } from "./relabel.js";
import { type RelabelledBlock, RelabelledLines } from "./relabel-block.js";
import { RelabelLine } from "./relabel-line.js";
import { relabelBlocks } from "./relabel-threads.js";

/** How far a file was read. */
export interface FilePlace {
  /** Bytes of the content before, of JSON Lines; else records. */
  end: number;
  /** Lines before. */
  line: number;
}

export interface RelabelFileOptions extends RelabelOptions {
  threads: number;
  /** Records, at most. */
  limit?: number | undefined;
  /** Of an earlier call without a limit. */
  from?: FilePlace | undefined;
}

/** Bytes of a block. */
const blockBytes = 1 << 20;
/** Records that are a block where there are no lines. */
const blockRecords = 1024;
/** A file that is smaller is done before threads have started. */
const minBytesForThreads = 1 << 24;

/**
 * Blocks in file order; whether keys repeat is for the caller to see.
 * @throws ERPRM_INVALID_DATA {file, line, field}, ERPRM_INVALID_ARGUMENT, ERPRM_NOT_FOUND, ERPRM_IO as `readRecords` and `relabelStage`
 */
export async function* relabelFile(
  path: string,
  { threads, limit, from = { end: 0, line: 0 }, ...options }: RelabelFileOptions,
): AsyncGenerator<RelabelledBlock & FilePlace, void, undefined> {
  if (limit === 0) return;
  const type = fileTypeOf(path);
  let { line } = from;
  try {
    if (type.layout === "jsonl") {
      const blocks = lineBlocks(readBytes(path, type.compression, from.end), blockBytes, from.end);
      const team = (await stat(path)).size < minBytesForThreads ? 1 : threads;
      const first = { file: path, line: line + 1 };
      for await (const block of relabelBlocks(blocks, first, options, { threads: team, limit })) {
        line += block.numLines;
        yield { ...block, line };
      }
    } else {
      yield* relabelRecords(readRecords(path), from, new RelabelLine(options), limit);
    }
  } catch (error) {
    throw ioError(error, path, "read");
  }
}

async function* relabelRecords(
  records: AsyncIterable<PlacedRecord>,
  from: FilePlace,
  relabel: RelabelLine,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<RelabelledBlock & FilePlace, void, undefined> {
  let lines = new RelabelledLines(relabel.names);
  let place = { end: 0, line: 0 };
  for await (const { value, file, line } of records) {
    place = { end: place.end + 1, line };
    if (place.end <= from.end) continue;
    lines.add(relabel.ofValue(value, { file, line }));
    if (lines.numRecords === blockRecords || place.end === limit) {
      yield { ...lines.finish(0), ...place };
      lines = new RelabelledLines(relabel.names);
    }
    if (place.end >= limit) return;
  }
  if (lines.numRecords > 0) yield { ...lines.finish(0), ...place };
}
