import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { readSafetensors, readSafetensorsHeader } from "../../../src/model/safetensors.js";
import { makeFolder } from "../../support/folder.js";
import { safetensorsFile, type TensorContent } from "../../support/safetensors-file.js";

type Bend = Parameters<typeof safetensorsFile>[1];

const twoTensors: TensorContent[] = [
  { name: "a", type: "F32", shape: [2, 3], data: Buffer.alloc(24, 1) },
  { name: "b", type: "BF16", shape: [4], data: Buffer.alloc(8, 2) },
];

function write(t: Parameters<typeof makeFolder>[0], content: Buffer): string {
  const path = join(makeFolder(t), "model.safetensors");
  writeFileSync(path, content);
  return path;
}

test("names, types, shapes and byte offsets are read", async (t) => {
  const content = safetensorsFile(twoTensors, (header) => Object.assign(header, { __metadata__: { format: "pt" } }));
  const path = write(t, content);
  const start = content.length - 32;
  t.deepEqual(await readSafetensors(path), [
    { name: "a", type: "F32", shape: [2, 3], file: path, offset: start, size: 24 },
    { name: "b", type: "BF16", shape: [4], file: path, offset: start + 24, size: 8 },
  ]);
});

test("what the writer noted is handed out; notes that are no texts are passed over", async (t) => {
  const noted = async (metadata: unknown) => {
    const content = safetensorsFile(twoTensors, (header) => Object.assign(header, { __metadata__: metadata }));
    return Object.fromEntries((await readSafetensorsHeader(write(t, content))).metadata);
  };
  t.deepEqual(await noted({ format: "pt", of: "a model", size: 3 }), { format: "pt", of: "a model" });
  t.deepEqual(await noted(null), {});
  t.deepEqual((await readSafetensorsHeader(write(t, safetensorsFile(twoTensors)))).metadata, new Map());
});

test("a scalar and an empty tensor have their sizes", async (t) => {
  const tensors = [
    { name: "scalar", type: "F16", shape: [], data: Buffer.alloc(2) },
    { name: "empty", type: "F32", shape: [0, 4], data: Buffer.alloc(0) },
  ];
  const read = await readSafetensors(write(t, safetensorsFile(tensors)));
  t.deepEqual(
    read.map(({ size }) => size),
    [2, 0],
  );
});

test("a file cut short anywhere is refused, naming the file", async (t) => {
  const content = safetensorsFile(twoTensors);
  for (let length = 0; length < content.length; length++) {
    const path = write(t, content.subarray(0, length));
    const error = await t.throwsAsync(readSafetensors(path), { code: "ERPRM_INVALID_CHECKPOINT" });
    t.true(error.message.startsWith(path), `cut to ${length}: ${error.message}`);
  }
});

test("a cut in the data names the tensor and both sizes", async (t) => {
  const content = safetensorsFile(twoTensors);
  const error = await t.throwsAsync(readSafetensors(write(t, content.subarray(0, content.length - 1))));
  t.regex(
    error.message,
    new RegExp(`Expected tensor b to end at byte ${content.length}, but the file ends at byte ${content.length - 1}`),
  );
});

const wrongHeaders: [claim: string, bend: Bend, message: RegExp][] = [
  [
    "overlapping tensors are refused",
    (header) => {
      (header.b as { data_offsets: number[] }).data_offsets = [20, 28];
    },
    /not to overlap, but b starts at byte \d+, before a ends/,
  ],
  [
    "offsets beyond the file are refused",
    (header) => {
      (header.b as { data_offsets: number[] }).data_offsets = [1000, 1008];
    },
    /Expected tensor b to end at byte/,
  ],
  [
    "falling offsets are refused",
    (header) => {
      (header.b as { data_offsets: number[] }).data_offsets = [32, 24];
    },
    /data_offsets of tensor b to rise, received \[32, 24\]/,
  ],
  [
    "a size that does not fit the shape is refused",
    (header) => {
      (header.a as { shape: number[] }).shape = [2, 4];
    },
    /tensor a of F32 \[2, 4\] to take 32 bytes, its data_offsets give 24/,
  ],
  [
    "a negative dimension is refused",
    (header) => {
      (header.a as { shape: number[] }).shape = [-2, -3];
    },
    /Expected tensor a to have dtype, shape and data_offsets/,
  ],
  [
    "a tensor without offsets is refused",
    (header) => {
      Object.assign(header, { c: null });
    },
    /Expected tensor c to have dtype, shape and data_offsets, received null/,
  ],
];

for (const [claim, bend, message] of wrongHeaders) {
  test(claim, async (t) => {
    const path = write(t, safetensorsFile(twoTensors, bend));
    await t.throwsAsync(readSafetensors(path), { code: "ERPRM_INVALID_CHECKPOINT", message });
  });
}

test("a header that is not JSON, or whose length is absurd, is refused", async (t) => {
  const content = safetensorsFile(twoTensors);
  const broken = Buffer.from(content);
  broken[8] = 0x21;
  await t.throwsAsync(readSafetensors(write(t, broken)), { message: /safetensors header to be JSON/ });
  const absurd = Buffer.from(content);
  absurd.writeBigUInt64LE(2n ** 63n, 0);
  await t.throwsAsync(readSafetensors(write(t, absurd)), { message: /header of at most 100000000 bytes/ });
});

test("a Git LFS pointer in the place of the weights is told from a damaged file", async (t) => {
  const pointer = Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
  await t.throwsAsync(readSafetensors(write(t, pointer)), { message: /found a Git LFS pointer/ });
});

test("a file that is not there is not found", async (t) => {
  await t.throwsAsync(readSafetensors(join(makeFolder(t), "none")), { code: "ERPRM_NOT_FOUND", message: /none/ });
});
