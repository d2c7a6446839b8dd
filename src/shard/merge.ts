/** The files of the whole run from those of its shards, each appearing whole or not at all. */
import { join } from "node:path";
import { replaceFile } from "../data/atomic-file.js";
import type { RunDirectory } from "../data/run-directory.js";
import { ErprmError } from "../errors.js";
import { interleave } from "./interleave.js";
import type { ShardRun } from "./merge-plan.js";
import { problemListName } from "./problem-list.js";

/** Characters that are written at a time. */
const batchLength = 1 << 20;

/** Which count of a shard's manifest says how many records its file has. */
const countOf: Record<string, readonly string[]> = {
  "solutions.jsonl": ["solutions", "labelled"],
  "labels.jsonl": ["labelled"],
  "completions.jsonl": ["gradedCompletions"],
  "scores.jsonl": ["scored"],
};

/** Of a shard alone: its problems, and what it set aside, which is nothing where there is a merge. */
const unmerged: readonly string[] = [problemListName, "failed.jsonl"];

/** The files that a merge of these shards makes. */
export function mergedFiles([first]: readonly ShardRun[]): string[] {
  return (first?.manifest.outputs ?? []).filter((name) => !unmerged.includes(name));
}

/**
 * Writes every file of the shards into the run's directory.
 * @param seen gets every record, file by file, in the order of the whole run
 * @throws as `interleave`; ERPRM_INVALID_DATA {file} for a file with other than its manifest's number of records; ERPRM_IO;
 *   whatever `seen` throws
 */
export async function mergeFiles(
  runs: readonly ShardRun[],
  run: RunDirectory,
  seen: (name: string, record: { problemId: string }) => void,
): Promise<void> {
  for (const name of mergedFiles(runs)) {
    const numRecords = runs.map(() => 0);
    await replaceFile(run.file(name), async (handle) => {
      let [lines, length]: [string[], number] = [[], 0];
      const flush = async () => {
        if (lines.length > 0) await handle.appendFile(`${lines.join("\n")}\n`);
        [lines, length] = [[], 0];
      };
      for await (const { text, record, shard } of interleave(runs, name)) {
        seen(name, record);
        numRecords[shard] = (numRecords[shard] as number) + 1;
        lines.push(text);
        length += text.length;
        if (length >= batchLength) await flush();
      }
      await flush();
      // Before the file takes its place: one that lacks records must not.
      expectAllRecords(runs, name, numRecords);
    });
  }
}

function expectAllRecords(runs: readonly ShardRun[], name: string, numRecords: readonly number[]): void {
  for (const [i, { path, manifest }] of runs.entries()) {
    const counted = countOf[name]?.map((count) => manifest.counts?.[count]).find((count) => count !== undefined);
    if (counted === undefined || counted === numRecords[i]) continue;
    const file = join(path, name);
    const message = `Expected the ${counted} records in ${file} that the shard's manifest counts, found ${numRecords[i]}`;
    throw new ErprmError("ERPRM_INVALID_DATA", message, { file, expected: counted, received: numRecords[i] });
  }
}

/** Numbers of whole runs: sums, and of peaks the highest. Means and areas do not add up and are left out. */
export function sumCounts(runs: readonly ShardRun[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const { manifest } of runs) {
    for (const [name, value] of Object.entries(manifest.counts ?? {})) {
      if (name.includes(" ")) continue;
      total[name] = /Peak$|^peak/.test(name) ? Math.max(total[name] ?? 0, value) : (total[name] ?? 0) + value;
    }
  }
  return total;
}
