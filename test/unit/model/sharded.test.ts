import { join } from "node:path";
import test from "ava";
import { readShardedSafetensors } from "../../../src/model/sharded.js";
import { makeFolder } from "../../support/folder.js";
import { safetensorsFile } from "../../support/safetensors-file.js";

const one = (name: string) => safetensorsFile([{ name, type: "F32", shape: [1], data: Buffer.alloc(4) }]);
const files = { "1.safetensors": one("a"), "2.safetensors": one("b") };

function read(t: Parameters<typeof makeFolder>[0], weightMap: unknown, content: Record<string, Buffer> = files) {
  const index = JSON.stringify({ metadata: {}, weight_map: weightMap });
  const directory = makeFolder(t, { ...content, "index.json": index });
  return readShardedSafetensors(directory, join(directory, "index.json"));
}

test("tensors of all files of the index are read", async (t) => {
  const tensors = await read(t, { a: "1.safetensors", b: "2.safetensors" });
  t.deepEqual(
    tensors.map(({ name, file }) => [name, file.split("/").at(-1)]),
    [
      ["a", "1.safetensors"],
      ["b", "2.safetensors"],
    ],
  );
});

test("a file of the index that is missing is not found, by name", async (t) => {
  await t.throwsAsync(read(t, { a: "1.safetensors", b: "3.safetensors" }), {
    code: "ERPRM_NOT_FOUND",
    message: /3\.safetensors/,
  });
});

test("a tensor that lies in another file than the index says is refused", async (t) => {
  await t.throwsAsync(read(t, { a: "1.safetensors", b: "1.safetensors" }), {
    code: "ERPRM_INVALID_CHECKPOINT",
    message: /Expected tensor b in 1\.safetensors, found it in no file/,
  });
  await t.throwsAsync(read(t, { a: "2.safetensors", b: "1.safetensors" }), {
    message: /Expected tensor a in 2\.safetensors, found it in 1\.safetensors/,
  });
});

test("a tensor in two files is refused", async (t) => {
  const twice = { "1.safetensors": one("a"), "2.safetensors": one("a") };
  await t.throwsAsync(read(t, { a: "1.safetensors", b: "2.safetensors" }, twice), {
    message: /2\.safetensors: Expected tensor a in one file only, found it in 1\.safetensors too/,
  });
});

test("an index that leaves its directory, or is no index, is refused", async (t) => {
  await t.throwsAsync(read(t, { a: "../1.safetensors" }), { message: /weight_map\["a"\] to be a file name/ });
  await t.throwsAsync(read(t, ["a"]), { message: /Expected field weight_map to be an object/ });
});
