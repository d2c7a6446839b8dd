import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Transform } from "node:stream";
import test from "ava";
import { createDecompressor, createZstdWriter } from "../../../src/data/compression.js";
import { readRecords } from "../../../src/data/read-records.js";
import { writeRecords } from "../../../src/data/write-records.js";
import type { ErprmError } from "../../../src/errors.js";
import { collect, temporaryDirectory } from "./temporary-directory.js";

const label = {
  problemId: "gsm8k-test-0",
  index: 3,
  question: "How many? \u2028 é 🦆",
  answer: "18",
  outcome: 1,
  steps: [
    { text: "a\r\n", numCompletions: 16, numCorrect: 11 },
    { text: "b", numCompletions: 1, numCorrect: 1, terminal: true },
  ],
  labels: { hard: [1, 1], soft: [0.6875, 1], "er:0.5": [0.7123456789012345, 1], "er:-1e-7": [0.1, 0] },
};
const solution = {
  problemId: "p",
  index: 0,
  steps: [],
  tokenIds: [1, 4294967297, -3],
  big: 2 ** 40,
  logProbability: -14.25,
};

const names = ["a.jsonl", "a.json", "a.jsonl.gz", "a.jsonl.zst", "a.json.gz", "a.parquet"];

for (const name of names) {
  test(`records come back from ${name} as they were written, nested lists and optional fields included`, async (t) => {
    const path = join(temporaryDirectory(t), name);
    const records = [
      label,
      solution,
      { ...label, labels: { hard: [0, 1] }, nested: [[1.5], [], [2, 3]] },
      { problemId: "last" },
    ];
    t.deepEqual(await writeRecords(path, records), { numRecords: 4 });
    t.deepEqual(
      (await collect(readRecords(path))).map(({ value }) => value),
      records,
    );
    t.deepEqual(readdirSync(join(path, "..")), [name]);
  });

  test(`no records make a valid empty ${name}`, async (t) => {
    const path = join(temporaryDirectory(t), name);
    t.deepEqual(await writeRecords(path, []), { numRecords: 0 });
    t.deepEqual(await collect(readRecords(path)), []);
  });

  test(`a source that fails leaves the old ${name} and nothing else`, async (t) => {
    const directory = temporaryDirectory(t);
    const path = join(directory, name);
    await writeRecords(path, [label]);
    const before = readFileSync(path);
    const broken = async function* () {
      yield label;
      throw new Error("source broke");
    };
    await t.throwsAsync(writeRecords(path, broken()), { message: "source broke" });
    t.deepEqual(readFileSync(path), before);
    t.deepEqual(readdirSync(directory), [name]);
  });
}

test("more rows than a Parquet row group come back in order", async (t) => {
  const path = join(temporaryDirectory(t), "a.parquet");
  const records = Array.from({ length: 23456 }, (_, i) => ({
    id: `p${i}`,
    steps: Array.from({ length: i % 4 }, (_, j) => `${i}.${j}`),
  }));
  await writeRecords(path, records);
  t.deepEqual(
    (await collect(readRecords(path))).map(({ value }) => value),
    records,
  );
});

test("a column of two kinds is refused with the field, not written as text", async (t) => {
  const path = join(temporaryDirectory(t), "a.parquet");
  const error = await t.throwsAsync<ErprmError>(
    writeRecords(path, [{ steps: [{ text: "a" }] }, { steps: [{ text: 5 }] }]),
  );
  t.is(error.code, "ERPRM_INVALID_DATA");
  t.is(error.details.field, "steps[].text");
  t.is(error.details.line, 2);
  t.false(existsSync(path));
});

test("a file that is no Parquet file, or one cut short, is an error that says so", async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "a.parquet");
  await writeRecords(path, [label]);
  writeFileSync(path, readFileSync(path).subarray(0, -20));
  const cut = await t.throwsAsync<ErprmError>(collect(readRecords(path)));
  t.is(cut.code, "ERPRM_INVALID_DATA");
  writeFileSync(path, "hello");
  const other = await t.throwsAsync<ErprmError>(collect(readRecords(path)));
  t.is(other.code, "ERPRM_INVALID_DATA");
});

test("a directory that does not exist is ERPRM_IO with the path", async (t) => {
  const path = join(temporaryDirectory(t), "none", "a.jsonl");
  const error = await t.throwsAsync<ErprmError>(writeRecords(path, [label]));
  t.is(error.code, "ERPRM_IO");
  t.is(error.details.path, path);
});

test("two Zstandard writers at once do not mix, and frames larger than one block come back", async (t) => {
  const texts = ["a", "b"].map((letter) => Buffer.from(letter.repeat(3_000_000) + Math.PI));
  const compressed = await Promise.all(
    texts.map(async (text) => {
      const writer = await createZstdWriter();
      for (let i = 0; i < text.length; i += 70_000) writer.write(text.subarray(i, i + 70_000));
      writer.end();
      return Buffer.concat(await collect(writer as AsyncIterable<Buffer>));
    }),
  );
  for (const [i, bytes] of compressed.entries()) {
    const reader = (await createDecompressor("zstd")) as Transform;
    for (let at = 0; at < bytes.length; at += 7) reader.write(bytes.subarray(at, at + 7));
    reader.end();
    t.true(Buffer.concat(await collect(reader as AsyncIterable<Buffer>)).equals(texts[i] as Buffer));
  }
});
