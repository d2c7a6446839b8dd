/** Records from a stage into a run's live file, in order; the stage does not wait for the disk. */
import type { JsonlAppender } from "./jsonl-appender.js";
import { OrderedWriter } from "./ordered-writer.js";

/**
 * Hands every record on after it was handed to the file. When the stage fails, what it had given is written before the
 * error leaves.
 * @throws whatever the stage throws; ERPRM_IO (a full disk)
 */
export async function* writing<T>(
  records: AsyncIterable<T>,
  appender: JsonlAppender<T>,
): AsyncGenerator<T, void, undefined> {
  const writer = new OrderedWriter<T>((batch) => appender.append(batch));
  let index = 0;
  try {
    for await (const record of records) {
      await writer.put(index++, [record]);
      yield record;
    }
  } finally {
    await writer.finish();
  }
}
