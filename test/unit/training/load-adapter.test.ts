import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import test from "ava";
import type { NativeAddon, TensorSlot } from "../../../src/native/contract.js";
import { loadNative } from "../../../src/native/loader.js";
import { loadAdapter } from "../../../src/training/load-adapter.js";
import { openAdapter } from "../../../src/training/open-adapter.js";
import { writeAdapterDirectory } from "../../support/adapter-directory.js";
import { makeFolder } from "../../support/folder.js";
import { encodeFloats, type FloatType } from "../../support/safetensors-file.js";

/** Numbers that half the bytes hold exactly. */
const numbers = { a: Float32Array.of(0.5, -1.25, 3, 0.0625), b: Float32Array.of(2, -0.75) };

async function write(t: Parameters<typeof makeFolder>[0], types: Record<"a" | "b", FloatType>, values = numbers) {
  const folder = makeFolder(t);
  const names = ["a", "b"] as const;
  const tensors = names.map((name) => ({
    name: `base_model.model.${name}`,
    type: types[name],
    shape: [values[name].length],
    data: encodeFloats(values[name], types[name]),
  }));
  writeAdapterDirectory(folder, tensors);
  return openAdapter(folder);
}

/** Reads what a trainer would read. */
function collector() {
  const read = new Map<string, number[]>();
  const paths: string[] = [];
  const engine = {
    readTensors: async (path: string, slots: TensorSlot[]) => {
      paths.push(path);
      for (const { name, type, offset } of slots) {
        const shape = [numbers[name as "a" | "b"].length];
        read.set(name, [...(await loadNative().readTensor(path, type, offset, shape, 0))]);
        if (type !== "F32") throw new Error("a trainer reads F32 alone");
      }
    },
  };
  return { read, paths, engine };
}

for (const types of [
  { a: "F32", b: "F32" },
  { a: "BF16", b: "F16" },
  { a: "F32", b: "BF16" },
] as const) {
  test(`the numbers arrive, stored as ${types.a} and ${types.b}`, async (t) => {
    const adapter = await write(t, types);
    const { read, paths, engine } = collector();
    await loadAdapter(adapter, engine, loadNative());
    t.deepEqual(read, new Map(Object.entries(numbers).map(([name, values]) => [name, [...values]])));
    t.is(paths[0] === adapter.weightsPath, types.a === "F32" && types.b === "F32");
  });
}

test.serial(
  "a number that is not finite is named with the adapter's own file, and nothing is left behind",
  async (t) => {
    const adapter = await write(t, { a: "F32", b: "BF16" }, { ...numbers, b: Float32Array.of(1, Number.NaN) });
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith("erprm-adapter-"));
    const { engine } = collector();
    await t.throwsAsync(loadAdapter(adapter, engine, loadNative() as Pick<NativeAddon, "readTensor">), {
      code: "ERPRM_INVALID_CHECKPOINT",
      message: /adapter_model\.safetensors: Expected tensor b to hold finite numbers, found NaN at index 1/,
    });
    t.deepEqual(
      readdirSync(tmpdir()).filter((name) => name.startsWith("erprm-adapter-")),
      before,
    );
  },
);
