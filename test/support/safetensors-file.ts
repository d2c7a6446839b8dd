/** Writes safetensors files for tests; a test may bend the header before it is written. */

export type FloatType = "F32" | "F16" | "BF16";

export interface TensorContent {
  name: string;
  type: string;
  shape: number[];
  data: Buffer;
}

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

/** The bytes of a file with these tensors, in this order. */
export function safetensorsFile(
  tensors: readonly TensorContent[],
  bend: (header: Header) => unknown = () => {},
): Buffer {
  const header: Header = {};
  let end = 0;
  for (const { name, type, shape, data } of tensors) {
    header[name] = { dtype: type, shape, data_offsets: [end, end + data.length] };
    end += data.length;
  }
  bend(header);
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...tensors.map(({ data }) => data)]);
}

/** Little-endian bytes; the narrower types are cut, not rounded, and F16 has no subnormals here. */
export function encodeFloats(values: Float32Array, type: FloatType): Buffer {
  if (type === "F32") return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const narrowed = type === "BF16" ? (word: number) => word >>> 16 : halfBits;
  // Not Uint16Array.from, which gathers all numbers in a list first: too long a one for the matrices of real models.
  const narrow = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) narrow[i] = narrowed(bits[i] as number);
  return Buffer.from(narrow.buffer);
}

function halfBits(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const exponent = ((word >>> 23) & 0xff) - 127;
  if (exponent < -14) return sign;
  return sign | ((exponent + 15) << 10) | ((word >>> 13) & 0x3ff);
}
