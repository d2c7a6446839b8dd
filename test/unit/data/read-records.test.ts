import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import test from "ava";
import fc from "fast-check";
import { splitJsonValues } from "../../../src/data/json-values.js";
import { splitLines } from "../../../src/data/lines.js";
import { readRecords } from "../../../src/data/read-records.js";
import { writeRecords } from "../../../src/data/write-records.js";
import type { ErprmError } from "../../../src/errors.js";
import { packageRoot } from "../../../src/native/loader.js";
import { collect, temporaryDirectory } from "./temporary-directory.js";

test("CRLF, a byte order mark, empty lines and a missing final newline are read as if they were not there", async (t) => {
  const path = join(temporaryDirectory(t), "a.jsonl");
  writeFileSync(path, '\uFEFF{"a":1}\r\n\r\n  \n{"a":"é\\r"}\r\n{"a":3}');
  const records = await collect(readRecords(path));
  t.deepEqual(
    records.map(({ value, line }) => [value, line]),
    [
      [{ a: 1 }, 1],
      [{ a: "é\r" }, 4],
      [{ a: 3 }, 5],
    ],
  );
  t.is(records[0]?.file, path);
});

test("broken JSON in line 7 is an error that names the file and line 7, after six good records", async (t) => {
  const path = join(temporaryDirectory(t), "a.jsonl");
  writeFileSync(path, `${'{"a":1}\n'.repeat(6)}{"a":\n{"a":1}\n`);
  const seen: unknown[] = [];
  const error = await t.throwsAsync<ErprmError>(async () => {
    for await (const { value } of readRecords(path)) seen.push(value);
  });
  t.is(seen.length, 6);
  t.is(error.code, "ERPRM_INVALID_DATA");
  t.is(error.details.line, 7);
  t.is(error.details.file, path);
  t.regex(error.message, /valid JSON.*a\.jsonl line 7$/);
});

test("bytes that are not UTF-8 are an error with the line, not replacement characters", async (t) => {
  const path = join(temporaryDirectory(t), "a.jsonl");
  writeFileSync(path, Buffer.concat([Buffer.from('{"a":1}\n{"a":"'), Buffer.from([0xff]), Buffer.from('"}\n')]));
  const error = await t.throwsAsync<ErprmError>(collect(readRecords(path)));
  t.is(error.code, "ERPRM_INVALID_DATA");
  t.is(error.details.line, 2);
});

test("lines do not depend on where the chunks are cut", async (t) => {
  const text = "\uFEFFa\r\n\nβγ\u2028x\n\r\nend";
  const bytes = Buffer.from(text);
  const whole = await collect(
    splitLines(
      (async function* () {
        yield bytes;
      })(),
      "f",
    ),
  );
  t.deepEqual(
    whole.map((line) => line.text),
    ["a", "", "βγ\u2028x", "", "end"],
  );
  for (let size = 1; size < bytes.length; size += 1) {
    const chunks = async function* () {
      for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
    };
    t.deepEqual(await collect(splitLines(chunks(), "f")), whole);
  }
});

const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => value !== null);

test("a JSON array is cut into its elements however it is laid out", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(json, { maxLength: 5 }), fc.constantFrom(undefined, 2, "\t"), async (values, indent) => {
      const text = JSON.stringify(values, null, indent);
      const lines = async function* () {
        for (const [i, line] of text.split("\n").entries()) yield { text: line, line: i + 1 };
      };
      const pieces = await collect(splitJsonValues(lines(), "f"));
      t.deepEqual(
        pieces.map((piece) => JSON.parse(piece.text)),
        JSON.parse(text),
      );
    }),
    { numRuns: 150 },
  );
});

test("a .json file may hold an array or one record a line, and gives each record's first line", async (t) => {
  const directory = temporaryDirectory(t);
  const array = join(directory, "array.json");
  writeFileSync(array, '\n[\n  {"a":\n 1},\n  {"a": "]"}\n]\n');
  t.deepEqual(
    (await collect(readRecords(array))).map(({ value, line }) => [value, line]),
    [
      [{ a: 1 }, 3],
      [{ a: "]" }, 5],
    ],
  );
  const lines = join(directory, "lines.json");
  writeFileSync(lines, '{"a":1}\n{"a":\n2}{"a":3}\n');
  t.deepEqual(
    (await collect(readRecords(lines))).map(({ value, line }) => [value, line]),
    [
      [{ a: 1 }, 1],
      [{ a: 2 }, 2],
      [{ a: 3 }, 3],
    ],
  );
});

for (const [name, text] of [
  ["that is not closed", '[{"a":1},\n{"a":2}'],
  ["with an empty place", '[{"a":1},,{"a":2}]'],
  ["with a comma at the end", '[{"a":1},]'],
  ["followed by something", '[{"a":1}] 5'],
  ["with a bracket too many", '{"a":1}}'],
] as const) {
  test(`a JSON file ${name} is an error`, async (t) => {
    const path = join(temporaryDirectory(t), "a.json");
    writeFileSync(path, text);
    const error = await t.throwsAsync<ErprmError>(collect(readRecords(path)));
    t.is(error.code, "ERPRM_INVALID_DATA");
  });
}

test("a compressed file that was cut short is an error, not fewer records", async (t) => {
  const directory = temporaryDirectory(t);
  const records = Array.from({ length: 20000 }, (_, i) => ({ id: `p${i}`, noise: Math.sin(i) }));
  for (const name of ["a.jsonl.gz", "a.jsonl.zst"]) {
    const path = join(directory, name);
    await writeRecords(path, records);
    t.is((await collect(readRecords(path))).length, 20000);
    truncateSync(path, readFileSync(path).length - 9);
    const error = await t.throwsAsync<ErprmError>(collect(readRecords(path)));
    t.is(error.code, "ERPRM_INVALID_DATA");
  }
});

test("gzip written in several members is read to its end", async (t) => {
  const path = join(temporaryDirectory(t), "a.jsonl.gz");
  writeFileSync(path, Buffer.concat([gzipSync('{"a":1}\n'), gzipSync('{"a":2}\n')]));
  t.is((await collect(readRecords(path))).length, 2);
});

test("Zstandard written in several frames is read to its end, also when a frame ends with a line", async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, "a.jsonl.zst");
  await writeRecords(path, [{ a: 1 }]);
  const first = readFileSync(path);
  await writeRecords(path, [{ a: 2 }]);
  writeFileSync(path, Buffer.concat([first, readFileSync(path)]));
  t.deepEqual(
    (await collect(readRecords(path))).map(({ value }) => value),
    [{ a: 1 }, { a: 2 }],
  );
});

test("a missing file is ERPRM_NOT_FOUND with its path, a directory ERPRM_IO, a strange name ERPRM_INVALID_ARGUMENT", async (t) => {
  const directory = temporaryDirectory(t);
  const missing = await t.throwsAsync<ErprmError>(collect(readRecords(join(directory, "none.jsonl"))));
  t.is(missing.code, "ERPRM_NOT_FOUND");
  t.is(missing.details.path, join(directory, "none.jsonl"));
  mkdirSync(join(directory, "d.jsonl"));
  const folder = await t.throwsAsync<ErprmError>(collect(readRecords(join(directory, "d.jsonl"))));
  t.is(folder.code, "ERPRM_IO");
  const strange = await t.throwsAsync<ErprmError>(collect(readRecords("a.csv")));
  t.is(strange.code, "ERPRM_INVALID_ARGUMENT");
});

test("a reader that stops early leaves no error behind", async (t) => {
  const path = join(temporaryDirectory(t), "a.jsonl.gz");
  await writeRecords(
    path,
    Array.from({ length: 50000 }, (_, i) => ({ id: `p${i}`, noise: Math.sin(i) })),
  );
  for await (const { line } of readRecords(path)) if (line === 3) break;
  t.pass();
});

test("a file of JSON lines is read where WebAssembly finds no room; a Parquet file says that memory is missing", async (t) => {
  const directory = temporaryDirectory(t);
  for (const name of ["a.jsonl", "a.parquet"]) await writeRecords(join(directory, name), [{ a: 1 }, { a: 2 }]);
  const read = (name: string) => {
    const source = `
      const { readRecords } = await import(${JSON.stringify(join(packageRoot, "dist/src/data/read-records.js"))});
      try {
        for await (const { value } of readRecords(process.argv[1])) console.log(value.a);
      } catch (error) {
        console.log(error.code, error.message);
      }`;
    // Four gigabytes of addresses: more than Node takes, less than one WebAssembly memory reserves.
    const limited = 'ulimit -v 4000000 && exec "$@"';
    const args = ["-c", limited, "sh", process.execPath, "--input-type=module", "-e", source, join(directory, name)];
    return spawnSync("sh", args, { encoding: "utf8", timeout: 60_000 }).stdout;
  };
  t.is(read("a.jsonl"), "1\n2\n");
  t.regex(read("a.parquet"), /^ERPRM_OUT_OF_MEMORY Expected memory to read .*a\.parquet, received none \(.*ulimit -v/);
});
