/** A file that is read a piece at a time and is not open in between, so that any number of them can be read by turns. */
import { open } from "node:fs/promises";

/** @param pieceBytes of one read, at most @throws what the system says */
export async function* readPieces(path: string, pieceBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let position = 0; ; ) {
    const handle = await open(path, "r");
    let piece: Uint8Array;
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafeSlow(pieceBytes), 0, pieceBytes, position);
      piece = buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
    if (piece.length === 0) return;
    position += piece.length;
    yield piece;
  }
}
