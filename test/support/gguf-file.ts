/** Writes GGUF files for tests, value by value, so that a test can also write wrong ones. */

/** A metadata value with its type: `["u32", 5]`, `["array", "str", ["a", "b"]]`. */
export type TypedValue = readonly [type: string, value: unknown] | readonly ["array", string, readonly unknown[]];

export interface GgufTensor {
  name: string;
  /** Outermost first. */
  shape: number[];
  /** GGUF's number of the type. */
  type: number;
  data: Buffer;
}

export interface GgufContent {
  version?: number;
  alignment?: number;
  metadata: Record<string, TypedValue>;
  tensors: GgufTensor[];
}

const typeIds: Record<string, number> = {
  u8: 0,
  i8: 1,
  u16: 2,
  i16: 3,
  u32: 4,
  i32: 5,
  f32: 6,
  bool: 7,
  str: 8,
  array: 9,
  u64: 10,
  i64: 11,
  f64: 12,
};

function bytes(size: number, write: (buffer: Buffer) => unknown): Buffer {
  const buffer = Buffer.alloc(size);
  write(buffer);
  return buffer;
}

const u32 = (value: number) => bytes(4, (buffer) => buffer.writeUInt32LE(value));
const u64 = (value: number | bigint) => bytes(8, (buffer) => buffer.writeBigUInt64LE(BigInt(value)));
const text = (value: string) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

const writers: Record<string, (value: never) => Buffer> = {
  u8: (value: number) => bytes(1, (buffer) => buffer.writeUInt8(value)),
  i8: (value: number) => bytes(1, (buffer) => buffer.writeInt8(value)),
  u16: (value: number) => bytes(2, (buffer) => buffer.writeUInt16LE(value)),
  i16: (value: number) => bytes(2, (buffer) => buffer.writeInt16LE(value)),
  u32,
  i32: (value: number) => bytes(4, (buffer) => buffer.writeInt32LE(value)),
  f32: (value: number) => bytes(4, (buffer) => buffer.writeFloatLE(value)),
  bool: (value: boolean) => Buffer.of(value ? 1 : 0),
  str: text,
  u64,
  i64: (value: number | bigint) => bytes(8, (buffer) => buffer.writeBigInt64LE(BigInt(value))),
  f64: (value: number) => bytes(8, (buffer) => buffer.writeDoubleLE(value)),
  // An element of an array of arrays: [element type, values].
  array: ([type, values]: [string, unknown[]]) => arrayBytes(type, values),
};

function arrayBytes(type: string, values: readonly unknown[]): Buffer {
  return Buffer.concat([
    u32(typeIds[type] as number),
    u64(values.length),
    ...values.map((value) => scalar(type, value)),
  ]);
}

function scalar(type: string, value: unknown): Buffer {
  const write = writers[type];
  if (!write) throw new Error(`no GGUF type ${type}`);
  return write(value as never);
}

/** The bytes of the file. */
export function ggufFile({ version = 3, alignment = 32, metadata, tensors }: GgufContent): Buffer {
  const pairs = Object.entries(metadata).map(([key, typed]) => {
    const type = u32(typeIds[typed[0]] as number);
    const value =
      typed[0] === "array" ? arrayBytes(typed[1] as string, typed[2] as unknown[]) : scalar(typed[0], typed[1]);
    return Buffer.concat([text(key), type, value]);
  });
  const padded = (buffer: Buffer) => Buffer.concat([buffer, Buffer.alloc(-buffer.length & (alignment - 1))]);
  let offset = 0;
  const infos: Buffer[] = [];
  const data: Buffer[] = [];
  for (const tensor of tensors) {
    const dimensions = [...tensor.shape].reverse().map(u64);
    infos.push(
      Buffer.concat([text(tensor.name), u32(dimensions.length), ...dimensions, u32(tensor.type), u64(offset)]),
    );
    data.push(padded(tensor.data));
    offset += padded(tensor.data).length;
  }
  const head = Buffer.concat([
    Buffer.from("GGUF"),
    u32(version),
    u64(tensors.length),
    u64(pairs.length),
    ...pairs,
    ...infos,
  ]);
  return Buffer.concat([padded(head), ...data]);
}
