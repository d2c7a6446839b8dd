/**
 * A process that writes a run as a stage does, for tests that kill it: results arrive in an order of their own in each process.
 * Usage: node appending-child.js run|linger DIR NUM_RECORDS | node appending-child.js fill FILE | node appending-child.js replace FILE
 */
import { JsonlAppender } from "../../../src/data/jsonl-appender.js";
import { OrderedWriter } from "../../../src/data/ordered-writer.js";
import { RunDirectory } from "../../../src/data/run-directory.js";
import { writeRecords } from "../../../src/data/write-records.js";

export interface ChildRecord {
  id: string;
  text: string;
}

export const childDescription = {
  stage: "rollout",
  options: { temperature: 0.7 },
  seed: 1,
  inputs: {},
  build: { version: "test" },
  outputs: ["solutions.jsonl"],
};

/** Longer than a disk block, so that a torn write would cut a record. */
const textOf = (i: number): string => `${i} `.repeat(600 + ((i * 7919) % 1500));

/** `lingers`: never gets to the last record, so that a process can be killed however late that is done. */
async function run(path: string, numRecords: number, lingers: boolean): Promise<void> {
  const directory = await RunDirectory.open(path, childDescription);
  if (directory.complete) return;
  const appender = await directory.appender<ChildRecord>("solutions.jsonl", ({ id }) => id);
  const writer = new OrderedWriter<ChildRecord>((records) => appender.append(records), { capacity: 16 });
  const missing = Array.from({ length: numRecords }, (_, i) => i).filter((i) => !appender.has(`p${i}`));
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < missing.length) {
      const position = next;
      next += 1;
      const i = missing[position] as number;
      if (lingers && i === numRecords - 1) await new Promise(() => setInterval(() => undefined, 1000));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
      await writer.put(position, [{ id: `p${i}`, text: textOf(i) }]);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  await writer.finish();
  await directory.finish({ solutions: appender.numRecords }, { total: 1 });
}

/** Appends until it fails, tells how, and how many records were there before. */
async function fill(path: string): Promise<void> {
  const appender = await JsonlAppender.open<ChildRecord>(path, ({ id }) => id);
  for (let i = appender.numRecords; i < 1000; i += 1) {
    try {
      await appender.append([{ id: `p${i}`, text: textOf(i) }]);
    } catch (error) {
      const { code, message, details } = error as { code: string; message: string; details: object };
      console.log(JSON.stringify({ code, message, details, numRecords: appender.numRecords }));
      return;
    }
  }
}

async function replace(path: string): Promise<void> {
  try {
    await writeRecords(
      path,
      Array.from({ length: 1000 }, (_, i) => ({ id: `p${i}`, text: textOf(i) })),
    );
  } catch (error) {
    const { code, message, details } = error as { code: string; message: string; details: object };
    console.log(JSON.stringify({ code, message, details }));
  }
}

const [, program, mode, path = "", numRecords] = process.argv;
if (program?.endsWith("appending-child.js")) {
  // Without a handler the signal of a file-size limit kills the process; with one, the write fails as on a full disk.
  process.on("SIGXFSZ", () => undefined);
  if (mode === "run" || mode === "linger") await run(path, Number(numRecords), mode === "linger");
  else if (mode === "fill") await fill(path);
  else await replace(path);
}
