import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { makeFolder } from "../../support/folder.js";
import { versionHeader } from "../../support/libtorch.js";
import { importScript } from "../../support/script.js";
import { makeZip } from "../../support/zip.js";

const { fetchLibtorch } = await importScript<{
  fetchLibtorch(options: { env: Record<string, string>; cuda?: boolean }): Promise<string>;
}>("libtorch/fetch.mjs");

const archive = makeZip({
  "libtorch/lib/libtorch_cpu.so": "",
  "libtorch/include/torch/headeronly/version.h": versionHeader("2.13.0"),
  "libtorch/bin/tool": "",
});
const sha256 = createHash("sha256").update(archive).digest("hex");

/** A server with these files (path -> content), and the environment of a user who has no Python. */
async function makeMirror(t: ExecutionContext, files: Record<string, string | Buffer>) {
  const server = createServer(({ url = "" }, response) => {
    const file = files[decodeURIComponent(url)];
    if (file === undefined) return response.writeHead(404).end();
    return response.end(file);
  }).listen(0, "127.0.0.1");
  t.teardown(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/pytorch/`;
  return { mirror, env: { HOME: makeFolder(t), ERPRM_LIBTORCH_MIRROR: mirror } };
}

const zipPath = "/pytorch/libtorch/cpu/libtorch-shared-with-deps-2.13.0+cpu.zip";

test("a mirror's archive is held against the checksum published beside it, and unpacked into the cache", async (t) => {
  const { env } = await makeMirror(t, { [zipPath]: archive, [`${zipPath}.sha256`]: `${sha256}  libtorch.zip\n` });
  const root = await fetchLibtorch({ env });
  t.is(root, join(env.HOME, ".cache/erprm/libtorch/2.13.0"));
  t.true(readFileSync(join(root, "include/torch/headeronly/version.h"), "utf8").includes("TORCH_VERSION_MAJOR 2"));
  t.false(existsSync(join(root, "bin")));
});

test("the caller's checksum is enough", async (t) => {
  const { env } = await makeMirror(t, { [zipPath]: archive });
  t.true(existsSync(join(await fetchLibtorch({ env: { ...env, ERPRM_LIBTORCH_SHA256: sha256 } }), "lib")));
});

test("an archive without any checksum is refused, and nothing stays behind that looks finished", async (t) => {
  const { mirror, env } = await makeMirror(t, { "/pytorch/cuda.zip": archive });
  const fetched = fetchLibtorch({ env: { ...env, ERPRM_LIBTORCH_URL: `${mirror}cuda.zip` }, cuda: true });
  await t.throwsAsync(fetched, { message: /no checksum is known for .*--sha256/s });
  t.false(existsSync(join(env.HOME, ".cache/erprm/libtorch/2.13.0-cuda")));
});

test("a fetched archive that is no libtorch is refused", async (t) => {
  const wrong = makeZip({ "libtorch/lib/readme": "x" });
  const { mirror, env } = await makeMirror(t, { "/pytorch/wrong.zip": wrong });
  const wrongSha256 = createHash("sha256").update(wrong).digest("hex");
  const url = `${mirror}wrong.zip`;
  await t.throwsAsync(fetchLibtorch({ env: { ...env, ERPRM_LIBTORCH_URL: url, ERPRM_LIBTORCH_SHA256: wrongSha256 } }), {
    message: /no usable libtorch/,
  });
  t.false(existsSync(join(env.HOME, ".cache/erprm/libtorch/2.13.0")));
});
