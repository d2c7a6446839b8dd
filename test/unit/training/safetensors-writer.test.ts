import { existsSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { ErprmError } from "../../../src/errors.js";
import { readSafetensors } from "../../../src/model/safetensors.js";
import { layOut, type TensorPlan, writeSafetensors } from "../../../src/training/safetensors-writer.js";
import { makeFolder } from "../../support/folder.js";

const plan: TensorPlan[] = [
  { name: "a.weight", source: "x", shape: [3, 5], type: "F32", merged: false },
  { name: 'quoted "name"', source: "y", shape: [7], type: "BF16", merged: true },
  { name: "scalar", source: "z", shape: [], type: "F16", merged: false },
  { name: "empty", source: "w", shape: [0, 4], type: "F32", merged: false },
];

/** Fills every slot with its own number, as native code does. */
async function fill(path: string, slots: { offset: number; type: string }[]): Promise<void> {
  const sizes = [60, 14, 2, 0];
  const file = await open(path, "r+");
  for (const [i, { offset }] of slots.entries()) {
    const size = sizes[i] as number;
    if (size > 0) await file.write(Buffer.alloc(size, i + 1), 0, size, offset);
  }
  await file.close();
}

test("a file that is written is read back with the same names, types, shapes and places", async (t) => {
  const path = join(makeFolder(t), "w.safetensors");
  const bytes = await writeSafetensors(path, plan, fill, { format: "pt", base_fingerprint: "abc" });
  const content = readFileSync(path);
  t.is(content.length, bytes);
  const read = await readSafetensors(path);
  t.deepEqual(
    read.map(({ name, type, shape }) => ({ name, type, shape })),
    plan.map(({ name, type, shape }) => ({ name, type, shape: [...shape] })),
  );
  for (const [i, { offset, size }] of read.entries()) {
    t.true(content.subarray(offset, offset + (size as number)).every((byte) => byte === i + 1));
  }
  const header = JSON.parse(content.subarray(8, 8 + Number(content.readBigUInt64LE())).toString());
  t.deepEqual(header.__metadata__, { format: "pt", base_fingerprint: "abc" });
});

test("data begins at a multiple of eight bytes, and slots name the trainer's tensors", (t) => {
  for (let length = 1; length < 12; length += 1) {
    const { header, slots } = layOut([{ ...(plan[0] as TensorPlan), name: "n".repeat(length) }], {});
    t.is(header.length % 8, 0);
    t.deepEqual(slots, [{ name: "x", type: "F32", offset: header.length, merged: false }]);
  }
});

test("a file that exists is not written over, and errors of the writer pass through", async (t) => {
  const folder = makeFolder(t, { "there.safetensors": "mine" });
  const there = join(folder, "there.safetensors");
  const error = await t.throwsAsync<ErprmError>(writeSafetensors(there, plan, fill));
  t.is(error?.code, "ERPRM_IO");
  t.is(readFileSync(there, "utf8"), "mine");
  const full = new ErprmError("ERPRM_IO", "no space left");
  const failing = writeSafetensors(join(folder, "new.safetensors"), plan, () => Promise.reject(full));
  t.is(await t.throwsAsync(failing), full);
  t.true(existsSync(folder));
});
