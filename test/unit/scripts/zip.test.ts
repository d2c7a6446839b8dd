import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { makeFolder } from "../../support/folder.js";
import { importScript } from "../../support/script.js";
import { makeZip } from "../../support/zip.js";

const { unzip } = await importScript<{
  unzip(path: string, folder: string, place: (name: string) => string | undefined): Promise<number>;
}>("fetch/zip.mjs");
const { placeInLibtorch } = await importScript<{ placeInLibtorch(name: string): string | undefined }>(
  "libtorch/fetch.mjs",
);

test("only the entries that have a place are unpacked", async (t) => {
  const zip = makeZip({ "torch/lib/a.so": "a".repeat(100_000), "torch/bin/b": "b", "torch/include/empty.h": "" });
  const folder = makeFolder(t, { "x.whl": zip });
  t.is(await unzip(join(folder, "x.whl"), join(folder, "out"), placeInLibtorch), 2);
  t.is(readFileSync(join(folder, "out/lib/a.so"), "utf8"), "a".repeat(100_000));
  t.is(readFileSync(join(folder, "out/include/empty.h"), "utf8"), "");
  t.false(existsSync(join(folder, "out/bin")));
});

test("of a wheel and of an archive only lib, include and share are kept", (t) => {
  t.is(placeInLibtorch("torch/lib/libc10.so"), "lib/libc10.so");
  t.is(placeInLibtorch("libtorch/include/torch/types.h"), "include/torch/types.h");
  t.is(placeInLibtorch("torch/share/cmake/Torch/TorchConfig.cmake"), "share/cmake/Torch/TorchConfig.cmake");
  for (const name of ["torch/nn/lib/x.py", "torch/bin/protoc", "torchgen/lib/x", "torch-2.13.0.dist-info/lib/x"]) {
    t.is(placeInLibtorch(name), undefined, name);
  }
});

test("a damaged entry is refused", async (t) => {
  const zip = makeZip({ a: "some text" });
  zip.writeUInt32LE(1, zip.indexOf("PK\x01\x02", 0, "latin1") + 16);
  const folder = makeFolder(t, { "x.zip": zip });
  await t.throwsAsync(
    unzip(join(folder, "x.zip"), join(folder, "out"), (name) => name),
    { message: /a in .* is damaged/ },
  );
});

test("an archive that was cut short is refused", async (t) => {
  const folder = makeFolder(t, { "x.zip": makeZip({ a: "some text" }).subarray(0, 40) });
  await t.throwsAsync(
    unzip(join(folder, "x.zip"), join(folder, "out"), (name) => name),
    { message: /not a zip archive, or it was cut short/ },
  );
});

test("an entry cannot be written outside the folder", async (t) => {
  const folder = makeFolder(t, { "x.zip": makeZip({ "../evil": "x" }) });
  await t.throwsAsync(
    unzip(join(folder, "x.zip"), join(folder, "out"), (name) => name),
    { message: /would leave/ },
  );
  t.false(existsSync(join(folder, "evil")));
});
