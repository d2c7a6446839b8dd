/** Reads a zip archive (a wheel is one), ZIP64 too: no unzip program and no Python needed. */
import { createReadStream, createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32, createInflateRaw } from "node:zlib";
import { SetupError } from "../setup-error.mjs";

const none32 = 0xffffffff;

async function readAt(file, position, length) {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead !== length) throw new SetupError(`the archive ends early: ${length} bytes expected at ${position}`);
  return buffer;
}

/** Where the central directory lies: {offset, size}. */
async function findDirectory(file, size) {
  const tail = await readAt(file, Math.max(0, size - 65_557), Math.min(size, 65_557));
  const end = tail.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  if (end < 0) throw new SetupError("this is not a zip archive, or it was cut short");
  const offset = tail.readUInt32LE(end + 16);
  if (offset !== none32) return { offset, size: tail.readUInt32LE(end + 12) };
  // ZIP64: a locator of 20 bytes before the end record points to the wide end record.
  const wide = await readAt(file, Number(tail.readBigUInt64LE(end - 20 + 8)), 56);
  return { offset: Number(wide.readBigUInt64LE(48)), size: Number(wide.readBigUInt64LE(40)) };
}

/** Replaces the fields that do not fit 32 bits by those of the ZIP64 extra field, which holds them in this order. */
function widen(entry, extra) {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let field = at + 4;
    for (const name of ["size", "compressedSize", "offset"]) {
      if (entry[name] !== none32) continue;
      entry[name] = Number(extra.readBigUInt64LE(field));
      field += 8;
    }
  }
  return entry;
}

/** The entries of an archive: {name, method, crc, size, compressedSize, offset}. */
export async function readEntries(path) {
  const file = await open(path);
  try {
    const where = await findDirectory(file, (await file.stat()).size);
    const directory = await readAt(file, where.offset, where.size);
    const entries = [];
    for (let at = 0; at + 46 <= directory.length; ) {
      const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field));
      const extraAt = at + 46 + nameLength;
      entries.push(
        widen(
          {
            name: directory.toString("utf8", at + 46, extraAt),
            method: directory.readUInt16LE(at + 10),
            crc: directory.readUInt32LE(at + 16),
            compressedSize: directory.readUInt32LE(at + 20),
            size: directory.readUInt32LE(at + 24),
            offset: directory.readUInt32LE(at + 42),
          },
          directory.subarray(extraAt, extraAt + extraLength),
        ),
      );
      at = extraAt + extraLength + commentLength;
    }
    return entries;
  } finally {
    await file.close();
  }
}

async function extract(path, entry, target) {
  if (entry.method !== 0 && entry.method !== 8) {
    throw new SetupError(`${entry.name} is compressed with method ${entry.method}, expected stored or deflated`);
  }
  const file = await open(path);
  const header = await readAt(file, entry.offset, 30).finally(() => file.close());
  const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  let crc = 0;
  const check = new Transform({
    transform(chunk, _encoding, done) {
      crc = crc32(chunk, crc);
      done(null, chunk);
    },
  });
  mkdirSync(dirname(target), { recursive: true });
  if (entry.size === 0) return writeFileSync(target, "");
  const source = createReadStream(path, { start, end: start + entry.compressedSize - 1, highWaterMark: 2 ** 20 });
  const stages = entry.method === 8 ? [createInflateRaw({ chunkSize: 2 ** 20 })] : [];
  await pipeline(source, ...stages, check, createWriteStream(target));
  if (crc !== entry.crc) throw new SetupError(`${entry.name} in ${path} is damaged: its checksum does not match`);
}

/**
 * Unpacks entries into `folder`. `place(name)` gives the path inside it, or undefined for an entry to leave out;
 * `onBytes(done, total)` hears of progress. Returns the number of files written.
 */
export async function unzip(path, folder, place, onBytes = () => {}) {
  const wanted = (await readEntries(path))
    .filter((entry) => !entry.name.endsWith("/"))
    .map((entry) => ({ entry, to: place(entry.name) }))
    .filter(({ to }) => to !== undefined);
  const total = wanted.reduce((sum, { entry }) => sum + entry.size, 0);
  let done = 0;
  for (const { entry, to } of wanted) {
    const inside = normalize(to);
    if (isAbsolute(inside) || inside.startsWith("..")) throw new SetupError(`${entry.name} would leave ${folder}`);
    await extract(path, entry, join(folder, inside));
    done += entry.size;
    onBytes(done, total);
  }
  return wanted.length;
}
