/** A byte stream cut into pieces that end with a line end: what a thread takes at a time. */

const newline = 0x0a;
const byteOrderMark = [0xef, 0xbb, 0xbf];

/** Whole lines; the last one of a file may lack its line end. Each has memory of its own. */
export interface LineBlock {
  bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of the stream up to and with the block, a byte order mark included. */
  end: number;
}

/**
 * Blocks of at least `blockBytes` bytes, but for the last one, without the byte order mark. They depend on the stream's bytes
 * alone, not on how it was cut before.
 * @param start where in a file the stream begins: a mark is only one at 0
 */
export async function* lineBlocks(
  chunks: AsyncIterable<Uint8Array>,
  blockBytes: number,
  start = 0,
): AsyncGenerator<LineBlock, void, undefined> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let end = start;
  const take = (): LineBlock => {
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    const isMarked = end === 0 && byteOrderMark.every((byte, i) => bytes[i] === byte);
    end += length;
    [parts, length] = [[], 0];
    return { bytes: isMarked ? bytes.slice(byteOrderMark.length) : bytes, end };
  };
  const put = (part: Uint8Array): void => {
    if (part.length > 0) parts.push(part);
    length += part.length;
  };
  for await (const chunk of chunks) {
    let from = 0;
    while (from < chunk.length) {
      // The first line end that makes the block long enough.
      const enough = Math.max(from, from + blockBytes - length - 1);
      const at = enough < chunk.length ? chunk.indexOf(newline, enough) : -1;
      const to = at === -1 ? chunk.length : at + 1;
      put(chunk.subarray(from, to));
      from = to;
      if (at !== -1) yield take();
    }
  }
  if (length > 0) yield take();
}
