import { join } from "node:path";
import { Worker } from "node:worker_threads";
import test from "ava";
import { ErprmError, exitCodeOf, memoryError } from "../../../src/errors.js";
import { loadNative, loadNativeFrom, nativeAddonPath, packageRoot } from "../../../src/native/loader.js";
import { makeFolder } from "../../support/folder.js";

test("an addon that was not built is ERPRM_NATIVE_MISSING, with the command that builds it", (t) => {
  const path = join(makeFolder(t), "erprm.node");
  const error = t.throws(() => loadNativeFrom(path), { instanceOf: ErprmError });
  t.is(error.code, "ERPRM_NATIVE_MISSING");
  t.is(error.message, `Expected the native addon at ${path}, but it was not built yet. Run: ${error.details.command}`);
  t.is(error.details.command, `npm run build --prefix ${JSON.stringify(packageRoot)}`);
});

test("an addon that the system refuses is reported with the system's reason", (t) => {
  const path = join(makeFolder(t, { "erprm.node": "not a library" }), "erprm.node");
  const error = t.throws(() => loadNativeFrom(path), { instanceOf: ErprmError });
  t.is(error.code, "ERPRM_NATIVE_MISSING");
  t.regex(error.message, /the system refused it \(.*erprm\.node/);
  t.truthy(error.cause);
});

test("the addon of this package loads, once", (t) => {
  t.is(loadNative(), loadNative());
  t.regex(loadNative().buildInfo.libtorch, /^2\.1[1-4]\./);
});

test("worker threads load the addon too", async (t) => {
  const source = `
    const { parentPort, workerData } = require("node:worker_threads");
    parentPort.postMessage(require(workerData).buildInfo.libtorch);`;
  const load = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(source, { eval: true, workerData: nativeAddonPath });
      worker.once("message", resolve).once("error", reject);
    });
  const { libtorch } = loadNative().buildInfo;
  t.deepEqual(await Promise.all([load(), load()]), [libtorch, libtorch]);
});

test("no memory is ERPRM_OUT_OF_MEMORY and exit code 3, whoever says it in whatever words, and other errors are not", (t) => {
  const said = [
    new Error("libtorch_cpu.so: failed to map segment from shared object"),
    new Error("libtorch_cpu.so: cannot map: Cannot allocate memory"),
    new RangeError("WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory for new instance"),
    new RangeError("Array buffer allocation failed"),
    Object.assign(new Error("read"), { code: "ENOMEM" }),
  ];
  for (const cause of said) {
    const error = memoryError(cause, "to load it");
    t.like(error, { code: "ERPRM_OUT_OF_MEMORY", cause }, cause.message);
    t.is(exitCodeOf(error), 3);
    t.notRegex(error?.message ?? "", /npm run build/);
  }
  t.is(memoryError(new RangeError("Invalid array length")), undefined);
  t.is(memoryError(new ErprmError("ERPRM_INVALID_DATA", 'Expected JSON, received "out of memory"')), undefined);
});
