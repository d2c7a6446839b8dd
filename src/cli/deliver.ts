/** Records to where the user wants them: a file, whole or not at all, or standard output. */
import { writeRecords } from "../data/write-records.js";
import { abortedError } from "../policy/native-call.js";
import type { Surroundings } from "./stage-command.js";

/** JSON Lines to standard output, no faster than it is read; a reader that went away ends it. */
async function printRecords(records: AsyncIterable<unknown>, { stdout, readerGone }: Surroundings): Promise<number> {
  let numRecords = 0;
  for await (const record of records) {
    if (readerGone.aborted) break;
    numRecords += 1;
    const isFull = stdout.write(`${JSON.stringify(record)}\n`) === false;
    if (isFull && !readerGone.aborted) await drained({ stdout, readerGone });
  }
  return numRecords;
}

function drained({ stdout, readerGone }: Pick<Surroundings, "stdout" | "readerGone">): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      readerGone.removeEventListener("abort", done);
      resolve();
    };
    readerGone.addEventListener("abort", done, { once: true });
    stdout.once?.("drain", done);
  });
}

async function* until<T>(signal: AbortSignal, records: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  for await (const record of records) {
    if (signal.aborted) throw abortedError(signal);
    yield record;
  }
}

/** The records into the file, or to standard output without one; returns how many they were. @throws as `writeRecords`; ERPRM_ABORTED */
export async function deliver(
  records: AsyncIterable<unknown>,
  out: string | undefined,
  surroundings: Surroundings,
): Promise<number> {
  const stoppable = until(surroundings.signal, records);
  if (out === undefined) return printRecords(stoppable, surroundings);
  return (await writeRecords(out, stoppable)).numRecords;
}
