/** Stored tensors as f32, through the addon: every type, the interleaved order, and files that are not whole. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type TensorType, tensorTypes } from "../../src/native/contract.js";
import { loadNative, packageRoot } from "../../src/native/loader.js";
import { makeFolder } from "../support/folder.js";

const native = loadNative();

/** What scripts/make-dequantize-goldens.py wrote: base64 of the blocks and of little-endian f32. */
interface Golden {
  type: TensorType;
  shape: [number, number];
  raw: string;
  numbers: string;
}

const goldens = JSON.parse(readFileSync(join(packageRoot, "test", "fixtures", "dequantize.json"), "utf8")) as Golden[];

const floatsOf = (base64: string) => new Float32Array(Uint8Array.from(Buffer.from(base64, "base64")).buffer);
const bitsOf = (numbers: Float32Array) => new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length);

function write(t: ExecutionContext, bytes: Uint8Array): string {
  return join(makeFolder(t, { "tensor.bin": bytes }), "tensor.bin");
}

test("every tensor type has goldens", (t) => {
  t.deepEqual(goldens.map((golden) => golden.type).sort(), [...tensorTypes].sort());
});

for (const { type, shape, raw, numbers } of goldens) {
  test(`${type} blocks are read to the last bit, at any byte of a file`, async (t) => {
    const expected = floatsOf(numbers);
    t.is(expected.length, shape[0] * shape[1]);
    for (const offset of [0, 13]) {
      const path = write(t, Buffer.concat([Buffer.alloc(offset, 0xff), Buffer.from(raw, "base64")]));
      const read = await native.readTensor(path, type, offset, shape, 0);
      t.deepEqual(bitsOf(read), bitsOf(expected));
    }
  });
}

/** What the 16 bits of an IEEE half mean. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

test("each of the 65,536 halves is the number it stands for", async (t) => {
  const bits = Uint16Array.from({ length: 65_536 }, (_, i) => i);
  const path = write(t, new Uint8Array(bits.buffer));
  const read = await native.readTensor(path, "F16", 0, [256, 256], 0);
  t.true(bits.every((half, i) => Object.is(read[i], halfToNumber(half))));
});

test("each of the 65,536 bfloat16 is the upper half of its f32", async (t) => {
  const bits = Uint16Array.from({ length: 65_536 }, (_, i) => i);
  const path = write(t, new Uint8Array(bits.buffer));
  const read = await native.readTensor(path, "BF16", 0, [256, 256], 0);
  const isNaNOf = (i: number) => (i & 0x7fff) > 0x7f80;
  // A copy through JavaScript may change which NaN it is.
  t.true(bits.every((_, i) => (isNaNOf(i) ? Number.isNaN(read[i]) : bitsOf(read)[i] === i << 16)));
});

test("interleaved heads come back in half-split order, rows of a matrix and elements of a vector", async (t) => {
  const [heads, headSize, width] = [3, 8, 5];
  const stored = Float32Array.from({ length: heads * headSize * width }, (_, i) => i);
  const path = write(t, new Uint8Array(stored.buffer));
  const matrix = await native.readTensor(path, "F32", 0, [heads * headSize, width], heads);
  const vector = await native.readTensor(path, "F32", 0, [heads * headSize], heads);
  for (let head = 0; head < heads; head++) {
    for (let i = 0; i < headSize / 2; i++) {
      for (const j of [0, 1]) {
        const storedRow = head * headSize + 2 * i + j;
        const row = head * headSize + i + (j * headSize) / 2;
        t.deepEqual(
          matrix.subarray(row * width, (row + 1) * width),
          stored.subarray(storedRow * width, (storedRow + 1) * width),
        );
        t.is(vector[row], stored[storedRow] as number);
      }
    }
  }
});

test("a tensor of three dimensions is read row by row", async (t) => {
  const stored = Float32Array.from({ length: 24 }, (_, i) => i / 3);
  const path = write(t, new Uint8Array(stored.buffer));
  t.deepEqual(await native.readTensor(path, "F32", 0, [2, 3, 4], 0), stored);
  t.deepEqual(await native.readTensor(path, "F32", 4, [], 0), stored.subarray(1, 2));
});

interface Refused {
  what: string;
  code: string;
  message: RegExp;
  bytes?: number;
  type?: string;
  offset?: number;
  shape?: unknown;
  heads?: number;
}

const refusals: Refused[] = [
  {
    what: "a tensor cut short by one byte",
    bytes: 143,
    type: "Q4_K",
    shape: [1, 256],
    code: "ERPRM_INVALID_CHECKPOINT",
    message: /to be 144 bytes from byte 0 of .*tensor\.bin, but the file ends at byte 143: it was cut short/,
  },
  {
    what: "a tensor past the end",
    offset: 2 ** 40,
    shape: [1],
    code: "ERPRM_INVALID_CHECKPOINT",
    message: /cut short/,
  },
  {
    what: "any tensor of an empty file",
    bytes: 0,
    shape: [1],
    code: "ERPRM_INVALID_CHECKPOINT",
    message: /ends at byte 0/,
  },
  {
    what: "a row that is no whole number of blocks",
    type: "Q8_0",
    shape: [32, 33],
    code: "ERPRM_INVALID_CHECKPOINT",
    message: /\(Q8_0\) to be a multiple of 32 numbers, received 33/,
  },
  {
    what: "a shape whose size overflows",
    shape: [2 ** 40, 2 ** 40],
    code: "ERPRM_INVALID_CHECKPOINT",
    message: /fits in memory, received \[1099511627776, 1099511627776\]/,
  },
  {
    what: "heads of an odd size",
    shape: [9, 4],
    heads: 3,
    code: "ERPRM_INVALID_CHECKPOINT",
    message: /even size, received 3 heads/,
  },
  { what: "an unknown type", type: "Q3_K", code: "ERPRM_INVALID_ARGUMENT", message: /Expected type .*"Q3_K"/ },
  { what: "a negative offset", offset: -1, code: "ERPRM_INVALID_ARGUMENT", message: /offset to be an integer from 0/ },
  {
    what: "an offset with a fraction",
    offset: 0.5,
    code: "ERPRM_INVALID_ARGUMENT",
    message: /received 0\.5 \(number\)/,
  },
  {
    what: "a size of 2^32 + 1, which 32 bits would take for 1,",
    shape: [2 ** 32 + 1],
    code: "ERPRM_INVALID_CHECKPOINT",
    message: /cut short/,
  },
  { what: "a size of 0", shape: [0, 4], code: "ERPRM_INVALID_ARGUMENT", message: /shape\[0\] to be an integer from 1/ },
  {
    what: "a shape that is no array",
    shape: 4,
    code: "ERPRM_INVALID_ARGUMENT",
    message: /shape to be an array, received 4/,
  },
];
for (const { what, code, message, bytes = 64, type = "F32", offset = 0, shape = [4], heads = 0 } of refusals) {
  test(`${what} is refused (${code})`, async (t) => {
    const path = write(t, new Uint8Array(bytes));
    const error = await t.throwsAsync(native.readTensor(path, type as TensorType, offset, shape as number[], heads), {
      message,
    });
    t.is((error as { code?: string }).code, code);
  });
}

test("a file that is missing, and a folder, are told apart and named", async (t) => {
  const folder = makeFolder(t);
  const missing = join(folder, "missing.gguf");
  const absent = await t.throwsAsync(native.readTensor(missing, "F32", 0, [1], 0));
  t.like(absent, { code: "ERPRM_NOT_FOUND", details: { path: missing } });
  const directory = await t.throwsAsync(native.readTensor(folder, "F32", 0, [1], 0));
  t.like(directory, { code: "ERPRM_IO", details: { path: folder } });
  const cut = await t.throwsAsync(native.readTensor(`${missing}\0.gguf`, "F32", 0, [1], 0));
  t.like(cut, { code: "ERPRM_IO" });
});
