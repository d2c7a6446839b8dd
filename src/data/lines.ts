/**
 * Lines of a byte stream, whatever the chunks: LF or CRLF, an optional byte order mark, a missing final newline.
 * Bytes that are not UTF-8 are an error with the line, never replacement characters in somebody's data.
 */
import { dataError } from "./data-error.js";

export interface Line {
  /** Without its line end. */
  text: string;
  /** 1-based. */
  line: number;
}

const newline = 0x0a;

/** @param first number of the first line @throws ERPRM_INVALID_DATA for bytes that are not UTF-8. */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  file: string,
  first = 1,
): AsyncIterable<Line> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let pending: Uint8Array[] = [];
  let line = first - 1;
  const decode = (last: Uint8Array): Line => {
    line += 1;
    const bytes = pending.length === 0 ? last : Buffer.concat([...pending, last]);
    pending = [];
    try {
      const text = decoder.decode(bytes);
      const start = line === 1 && text.startsWith("\uFEFF") ? 1 : 0;
      return { text: text.slice(start, text.endsWith("\r") ? -1 : undefined), line };
    } catch (error) {
      throw dataError("Expected UTF-8 text, received bytes that are not", { file, line }, undefined, error);
    }
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      yield decode(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  }
  if (pending.length > 0) yield decode(new Uint8Array(0));
}
