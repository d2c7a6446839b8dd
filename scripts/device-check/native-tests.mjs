/** The native tests. Those that launch kernels have a process for each file: after a fault on a card a process can do no more. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { StageFailure } from "./command.mjs";

export const testProgram = "build/erprm_native_test";

/** A test that launches kernels asks whether there is a device (kernels/device_array.h, ops/accelerator_cases.h). */
const ofDevice = /\bhas_(device|accelerator)\(/;

/** Of native/: test files as the program knows them, "kernels/cuda_sampling_test.cc". @returns {{ device: string[], host: string[] }} */
export function nativeTestFiles(root) {
  const native = join(root, "native");
  const files = readdirSync(native, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(join(native, name)).map((file) => `${name}/${file}`))
    .filter((file) => file.endsWith("_test.cc"))
    .sort();
  const isOfDevice = (file) => ofDevice.test(readFileSync(join(native, file), "utf8"));
  return { device: files.filter(isOfDevice), host: files.filter((file) => !isOfDevice(file)) };
}

/** Totals of the program, and what failed; throws StageFailure, naming the test that ran last, where it did not come to them. */
export function countNative({ status, signal, lines }) {
  const totals = lines.map((line) => /^native: (\d+) passed, (\d+) failed$/.exec(line)).find(Boolean);
  if (!totals) {
    const last = lines.findLast((line) => line.startsWith("run: "));
    throw new StageFailure(
      `ended with ${signal ?? status} and no totals${last ? ` in the test "${last.slice("run: ".length)}"` : ""}; see the log`,
    );
  }
  const [passed, failed] = totals.slice(1).map(Number);
  const failures = lines.flatMap((line, i) => (line.startsWith("not ok: ") ? [`${line} ${lines[i + 1] ?? ""}`] : []));
  return { passed, failed, failures };
}

/** What a part returns for these totals. */
export function toldTests(tests) {
  const { passed, failed, failures } = tests;
  if (failed > 0)
    return { tests, failed: `${failed} of ${passed + failed} tests failed: ${failures[0] ?? "see the log"}` };
  return passed > 0 ? { tests } : { tests, failed: "no test ran" };
}

/** With this a test fails, instead of ending at once, where there is no such device. */
export const onDevice = (device) => ({ ERPRM_TEST_DEVICE: device });

/** `--titles`: the log says where a test hangs. @param {string[]} files */
export const testArguments = (files) => ["--titles", ...files];

const part = (name, seconds, files) => ({
  name,
  seconds,
  async run({ device, run }) {
    return toldTests(countNative(await run(testProgram, testArguments(files), { env: onDevice(device) })));
  },
});

export const kernelTests = {
  name: "kernel-tests",
  seconds: 300,
  parts: ({ root, device }) =>
    nativeTestFiles(root).device.map((file) => part(file, device === "cuda" ? 60 : 200, [file])),
};

export const nativeTests = {
  name: "native-tests",
  seconds: 300,
  parts: ({ root }) => [part("native-tests", 300, nativeTestFiles(root).host)],
};
