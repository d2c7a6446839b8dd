/** The worker thread of `relabelInThreads`: a block in, a block out. A block with an error goes back as it came. */
import { parentPort, workerData } from "node:worker_threads";
import type { RelabelOptions } from "./relabel.js";
import { relabelBlock } from "./relabel-block.js";
import { RelabelLine } from "./relabel-line.js";
import type { Answer } from "./relabel-threads.js";

const relabel = new RelabelLine(workerData as RelabelOptions);

parentPort?.on("message", (bytes: Uint8Array<ArrayBuffer>) => {
  const [answer, moved] = answerTo(bytes);
  parentPort?.postMessage(answer, moved);
});

function answerTo(bytes: Uint8Array<ArrayBuffer>): [Answer, ArrayBuffer[]] {
  try {
    const relabelled = relabelBlock({ bytes }, { file: "", line: 1 }, relabel);
    return [{ relabelled }, [relabelled.bytes.buffer, relabelled.keys.buffer]];
  } catch {
    // Who asked knows the file and the line, and says what is wrong.
    return [{ failed: bytes }, [bytes.buffer]];
  }
}
