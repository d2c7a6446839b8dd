/**
 * npm run check:cuda-addon: builds and links the whole addon and the native tests against a CUDA build of libtorch, on a machine that
 * needs no card, in a folder of its own (build/cuda-addon), loads it in Node and asks for the device cuda. Where there is no card that
 * must be refused as unavailable; where there is one a model must load.
 *
 * libtorch is found as `npm run build -- --cuda` finds it (ERPRM_LIBTORCH, the torch of python3, the cache) or fetched: about 3 GB.
 */
import { createWriteStream, mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { capture } from "./command.mjs";
import { fetchLibtorch } from "./libtorch/fetch.mjs";
import { findLibtorch, libtorchIn } from "./libtorch/find.mjs";
import { say } from "./progress.mjs";
import { cmakeJs } from "./setup/addon.mjs";
import { packageRoot } from "./setup.mjs";
import { runScript, SetupError } from "./setup-error.mjs";

const folder = join(packageRoot, "build/cuda-addon");

/** Runs in a process of its own: an addon of another libtorch may have been loaded into this one. */
const probe = `
  const [addonPath, root] = process.argv.slice(1);
  const { loadNativeFrom } = await import(root + "/dist/src/native/loader.js");
  const { openModel } = await import(root + "/dist/src/model/open-model.js");
  const { checkpoint } = await openModel(root + "/models/tiny");
  const options = { device: "cuda", weights: "bf16", threads: 1, maxBatch: 1, kvMemoryBytes: 2 ** 26, prefillChunk: 64 };
  const native = loadNativeFrom(addonPath);
  try {
    const policy = await native.loadPolicy(checkpoint, options);
    await policy.dispose();
    console.log(JSON.stringify({ loaded: true, info: native.buildInfo }));
  } catch ({ code, message }) {
    console.log(JSON.stringify({ code, message, info: native.buildInfo }));
  }
`;

async function build(libtorch) {
  mkdirSync(folder, { recursive: true });
  const logPath = join(folder, "build.log");
  const log = createWriteStream(logPath);
  const out = ["--out", folder];
  say(`compiling the addon for CUDA with libtorch ${libtorch} (several minutes the first time)`);
  await cmakeJs(packageRoot, ["configure", ...out, `--CDTORCH_ROOT=${libtorch}`], log, logPath);
  await cmakeJs(packageRoot, ["build", ...out, "--parallel", String(availableParallelism())], log, logPath);
  log.end();
}

function askForCuda() {
  const args = ["--input-type=module", "-e", probe, join(folder, "Release/erprm.node"), packageRoot];
  const { status, stdout, stderr } = capture(process.execPath, args, { timeout: 120_000 });
  if (status !== 0) throw new SetupError(`the addon for CUDA does not load:\n${stderr.trim()}`, 1);
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

await runScript(async () => {
  const { libtorch } = findLibtorch({ wantCuda: true });
  await build(libtorch?.root ?? libtorchIn(await fetchLibtorch({ cuda: true })));
  const { loaded, code, message, info } = askForCuda();
  console.log(`ok: the addon for CUDA builds, links and loads (${JSON.stringify(info)})`);
  if (loaded) {
    console.log("ok: a model loads on the device cuda");
    return 0;
  }
  const isRefused = code === "ERPRM_DEVICE_UNAVAILABLE";
  console.log(`${isRefused ? "ok" : "not ok"}: the device cuda is refused with ${code}: ${message}`);
  return isRefused ? 0 : 1;
});
