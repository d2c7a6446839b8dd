import test from "ava";
import fc from "fast-check";
import { lineBlocks } from "../../../src/data/line-blocks.js";
import { collect } from "./temporary-directory.js";

async function* cut(bytes: Buffer, sizes: number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

test("blocks are whole lines, nothing is lost, and it does not matter how the stream was cut", async (t) => {
  const content = fc.array(fc.stringMatching(/^[ab\n]{0,12}$/)).map((parts) => Buffer.from(parts.join("\n")));
  const sizes = fc.array(fc.nat(20));
  await fc.assert(
    fc.asyncProperty(content, sizes, sizes, fc.integer({ min: 1, max: 30 }), async (bytes, one, other, blockBytes) => {
      const blocks = await collect(lineBlocks(cut(bytes, one), blockBytes));
      t.deepEqual(blocks, await collect(lineBlocks(cut(bytes, other), blockBytes)));
      t.deepEqual(Buffer.concat(blocks.map((block) => block.bytes)), bytes);
      let end = 0;
      for (const [i, block] of blocks.entries()) {
        end += block.bytes.length;
        t.is(block.end, end);
        if (i === blocks.length - 1) break;
        t.is(block.bytes.at(-1), 0x0a);
        t.true(
          block.bytes.length >= blockBytes && block.bytes.indexOf(0x0a, blockBytes - 1) === block.bytes.length - 1,
        );
      }
    }),
  );
});

test("a byte order mark at the beginning of a file is no part of a line, elsewhere it is", async (t) => {
  const marked = Buffer.from("\uFEFFa\n");
  const [first] = await collect(lineBlocks(cut(marked, []), 1));
  t.deepEqual([Buffer.from(first?.bytes ?? []).toString(), first?.end], ["a\n", 5]);
  const [later] = await collect(lineBlocks(cut(marked, []), 1, 7));
  t.deepEqual([Buffer.from(later?.bytes ?? []).toString(), later?.end], ["\uFEFFa\n", 12]);
});
