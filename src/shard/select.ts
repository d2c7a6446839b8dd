/** The records of one shard among all records of an input. */
import { dataError, type Place } from "../data/data-error.js";
import { holdsProblem, type Shard } from "./shard.js";

/**
 * Those of the records whose problem belongs to the shard, in order; all of them without a shard. Problems are counted as
 * they come, so all records of one must stand together.
 * @param path of the input, for messages
 * @throws ERPRM_INVALID_DATA {file} for a problem that comes again after another one
 */
export async function* ofShard<T>(
  records: AsyncIterable<T> | Iterable<T>,
  shard: Shard | undefined,
  problemIdOf: (record: T) => string,
  path: string,
): AsyncGenerator<T, void, undefined> {
  if (!shard) {
    yield* records;
    return;
  }
  const seen = new Set<string>();
  let last: string | undefined;
  let numRecords = 0;
  for await (const record of records) {
    numRecords += 1;
    const id = problemIdOf(record);
    if (id !== last) {
      if (seen.has(id)) throw scattered(id, { file: path, line: numRecords });
      seen.add(id);
      last = id;
    }
    if (holdsProblem(shard, seen.size - 1)) yield record;
  }
}

function scattered(id: string, place: Place): Error {
  const message = `Expected all records of a problem one after another, for a shard has whole problems, received another one of problem ${JSON.stringify(id)} after other problems (sort the file by problemId)`;
  return dataError(message, place, "problemId");
}
