/**
 * `shard.jsonl`: the problems of a shard in the order of the input, one `{"problemId": ...}` a line. A merge knows from it whose
 * turn it is, also where a problem has no records.
 */
import { replaceFile } from "../data/atomic-file.js";
import { Fields } from "../data/fields.js";
import { readRecords } from "../data/read-records.js";

export const problemListName = "shard.jsonl";

/** Lines that are written at a time. */
const linesPerWrite = 4096;

/** @throws ERPRM_IO */
export async function writeProblemList(path: string, problemIds: readonly string[]): Promise<void> {
  await replaceFile(path, async (handle) => {
    for (let first = 0; first < problemIds.length; first += linesPerWrite) {
      const lines = problemIds.slice(first, first + linesPerWrite).map((problemId) => JSON.stringify({ problemId }));
      await handle.appendFile(`${lines.join("\n")}\n`);
    }
  });
}

/** @throws ERPRM_NOT_FOUND, ERPRM_INVALID_DATA {file, line}, ERPRM_IO */
export async function readProblemList(path: string): Promise<string[]> {
  const problemIds: string[] = [];
  for await (const { value, file, line } of readRecords(path)) {
    problemIds.push(new Fields(value, { file, line }).text("problemId"));
  }
  return problemIds;
}
