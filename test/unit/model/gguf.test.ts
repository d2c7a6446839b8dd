import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { readGguf } from "../../../src/model/gguf.js";
import { makeFolder } from "../../support/folder.js";
import { type GgufContent, ggufFile } from "../../support/gguf-file.js";

const content: GgufContent = {
  metadata: {
    "general.architecture": ["str", "llama"],
    "a.u8": ["u8", 200],
    "a.i8": ["i8", -3],
    "a.u16": ["u16", 60000],
    "a.i16": ["i16", -300],
    "a.u32": ["u32", 4000000000],
    "a.i32": ["i32", -5],
    "a.f32": ["f32", 0.5],
    "a.bool": ["bool", true],
    "a.u64": ["u64", 2n ** 63n],
    "a.i64": ["i64", -7],
    "a.f64": ["f64", 0.1],
    "a.words": ["array", "str", ["eins", "", "zwei ä"]],
    "a.numbers": ["array", "f32", [1, -2.5]],
    "a.nested": [
      "array",
      "array",
      [
        ["i32", [1, 2]],
        ["str", ["x"]],
      ],
    ],
    "a.empty": ["array", "u32", []],
  },
  tensors: [
    { name: "first", shape: [2, 64], type: 3, data: Buffer.alloc(80) },
    { name: "second", shape: [3], type: 0, data: Buffer.alloc(12) },
    { name: "odd", shape: [5], type: 99, data: Buffer.alloc(7) },
  ],
};

function write(t: Parameters<typeof makeFolder>[0], bytes: Buffer): string {
  const path = join(makeFolder(t), "model.gguf");
  writeFileSync(path, bytes);
  return path;
}

for (const version of [2, 3]) {
  test(`every metadata type and the tensor table of version ${version} are read`, async (t) => {
    const bytes = ggufFile({ ...content, version });
    const path = write(t, bytes);
    const { metadata, tensors } = await readGguf(path);
    t.deepEqual(Object.fromEntries(metadata), {
      "general.architecture": "llama",
      "a.u8": 200,
      "a.i8": -3,
      "a.u16": 60000,
      "a.i16": -300,
      "a.u32": 4000000000,
      "a.i32": -5,
      "a.f32": 0.5,
      "a.bool": true,
      "a.u64": 2n ** 63n,
      "a.i64": -7,
      "a.f64": 0.1,
      "a.words": ["eins", "", "zwei ä"],
      "a.numbers": [1, -2.5],
      "a.nested": [[1, 2], ["x"]],
      "a.empty": [],
    });
    const start = bytes.length - 96 - 32 - 32;
    t.deepEqual(tensors, [
      { name: "first", type: "Q4_1", shape: [2, 64], file: path, offset: start, size: 80 },
      { name: "second", type: "F32", shape: [3], file: path, offset: start + 96, size: 12 },
      { name: "odd", type: "GGUF type 99", shape: [5], file: path, offset: start + 128, size: undefined },
    ]);
  });
}

test("general.alignment moves the data", async (t) => {
  const metadata = { ...content.metadata, "general.alignment": ["u32", 128] as const };
  const bytes = ggufFile({ ...content, metadata, alignment: 128 });
  const { tensors } = await readGguf(write(t, bytes));
  t.deepEqual(
    tensors.map(({ offset }) => offset - (bytes.length - 384)),
    [0, 128, 256],
  );
});

test("a file cut short anywhere is refused, saying what was expected where", async (t) => {
  const bytes = ggufFile({ ...content, tensors: content.tensors.slice(0, 2) });
  const dataEnd = bytes.length - 20;
  for (let length = 0; length < dataEnd; length++) {
    const error = await t.throwsAsync(readGguf(write(t, bytes.subarray(0, length))), {
      code: "ERPRM_INVALID_CHECKPOINT",
    });
    t.regex(error.message, /model\.gguf: Expected .*the file ends at byte \d+: it was cut short/, `cut to ${length}`);
  }
  await t.notThrowsAsync(readGguf(write(t, bytes.subarray(0, dataEnd))));
});

test("metadata larger than one read is read whole", async (t) => {
  const words = Array.from({ length: 30_000 }, (_, index) => `${index}`.padStart(400, "x"));
  const metadata = { ...content.metadata, "a.many": ["array", "str", words] as const };
  const read = await readGguf(write(t, ggufFile({ ...content, metadata })));
  t.deepEqual(read.metadata.get("a.many"), words);
  t.is(read.tensors.length, 3);
});

const wrongFiles: [claim: string, change: Partial<GgufContent>, message: RegExp][] = [
  ["version 1 is refused", { version: 1 }, /GGUF version 2 or 3 in little-endian order, received 1/],
  ["a big-endian file is refused", { version: 0x03000000 }, /received one in big-endian order/],
  [
    "one part of a split model is refused",
    { metadata: { "split.count": ["u16", 3] } },
    /a whole GGUF file, received one of 3 parts/,
  ],
  ["an alignment of zero is refused", { metadata: { "general.alignment": ["u32", 0] } }, /general\.alignment/],
  [
    "rows that are not whole blocks are refused",
    { tensors: [{ name: "w", shape: [2, 33], type: 8, data: Buffer.alloc(68) }] },
    /rows of tensor w to be whole blocks of 32 \(Q8_0\), received \[2, 33\]/,
  ],
  [
    "a tensor's name that comes twice is refused",
    { tensors: [content.tensors[1], content.tensors[1]] as GgufContent["tensors"] },
    /tensor second once, found it twice/,
  ],
];

for (const [claim, change, message] of wrongFiles) {
  test(claim, async (t) => {
    const path = write(t, ggufFile({ ...content, ...change }));
    await t.throwsAsync(readGguf(path), { code: "ERPRM_INVALID_CHECKPOINT", message });
  });
}

test("counts that no file could hold are refused before anything is allocated", async (t) => {
  const bytes = ggufFile(content);
  for (const at of [8, 16]) {
    const absurd = Buffer.from(bytes);
    absurd.writeBigUInt64LE(2n ** 62n, at);
    await t.throwsAsync(readGguf(write(t, absurd)), { message: /4611686018427387904 x \d+ bytes or more/ });
  }
});

test("a file that is not GGUF, and an unknown value type, are refused", async (t) => {
  await t.throwsAsync(readGguf(write(t, Buffer.from("PK\x03\x04 not this one"))), {
    message: /does not start with 'GGUF'/,
  });
  const bytes = ggufFile({ metadata: { k: ["u32", 1] }, tensors: [] });
  bytes.writeUInt32LE(77, 24 + 8 + 1);
  await t.throwsAsync(readGguf(write(t, bytes)), { message: /value type from 0 to 12 for k, received 77/ });
});
