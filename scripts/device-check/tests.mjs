/** Native tests (each kernel against its twin among them), tests of the library on the device, and NVIDIA's sanitizer. */
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { capture } from "../command.mjs";
import { tapCounter } from "../tap.mjs";
import { StageFailure } from "./command.mjs";

/** The native tests that launch kernels of ours: parts of their files' names. */
const kernelTests = ["kernels/cuda_", "kernels/device_array", "ops/accelerated", "train/accelerated_adamw"];

function countNative({ status, signal, lines }) {
  const totals = lines.map((line) => /^native: (\d+) passed, (\d+) failed$/.exec(line)).find(Boolean);
  if (!totals) throw new StageFailure(`the native tests ended with ${signal ?? status} and no totals; see the log`);
  const [passed, failed] = totals.slice(1).map(Number);
  const failures = lines.flatMap((line, i) => (line.startsWith("not ok: ") ? [`${line} ${lines[i + 1] ?? ""}`] : []));
  return { passed, failed, failures };
}

/** With this a native test fails, instead of ending at once, where there is no such device. */
const onDevice = (device) => ({ env: { ERPRM_TEST_DEVICE: device } });

export const nativeTests = {
  name: "native-tests",
  seconds: 400,
  async run({ device, run }) {
    const tests = countNative(await run("build/erprm_native_test", [], onDevice(device)));
    return { tests, ...(tests.failed > 0 ? { failed: `${tests.failed} native tests failed` } : {}) };
  },
};

function testFiles(root) {
  return readdirSync(join(root, "dist/test"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(accelerator|cuda).*\.test\.js$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

export const libraryTests = {
  name: "library-tests",
  seconds: 400,
  async run({ root, device, run }) {
    const files = testFiles(root);
    if (files.length === 0)
      throw new StageFailure("no test of dist/test has `accelerator` or `cuda` in its file's name");
    const failures = [];
    const counter = tapCounter((line) => failures.push(line));
    const args = ["node_modules/ava/entrypoints/cli.mjs", "--tap", "--serial", "--concurrency=1", ...files];
    const { status, lines } = await run(process.execPath, args, {
      env: { ERPRM_TEST_DEVICE: device, ERPRM_QUIET: "1" },
    });
    for (const line of lines) counter.onLine(line);
    const { passed, failed } = counter.end(status);
    const tests = { passed, failed, files, failures: failed > 0 ? failures.slice(0, 200) : [] };
    return { tests, ...(failed > 0 || passed === 0 ? { failed: `${failed} tests failed, ${passed} passed` } : {}) };
  },
};

/** compute-sanitizer over the kernel tests; on emulated kernels the tests alone, since the emulation does some of its checks. */
function sanitizer(tool, seconds) {
  return {
    name: tool,
    seconds,
    async run({ device, run }) {
      if (device !== "cuda") {
        const tests = countNative(await run("build/erprm_native_test", kernelTests, onDevice(device)));
        return { tests, ...(tests.failed > 0 ? { failed: `${tests.failed} kernel tests failed` } : {}) };
      }
      const program =
        capture("compute-sanitizer", ["--version"]).status === 0
          ? "compute-sanitizer"
          : "/usr/local/cuda/bin/compute-sanitizer";
      const args = [
        ...["--tool", tool, "--error-exitcode", "1", "--print-limit", "20"],
        ...["build/erprm_native_test", ...kernelTests],
      ];
      const ended = await run(program, args, onDevice(device));
      const tests = countNative(ended);
      const summary = ended.lines.findLast((line) => line.includes("SUMMARY")) ?? "no summary";
      const isClean = ended.status === 0 && tests.failed === 0;
      return {
        tests,
        facts: { summary },
        ...(isClean ? {} : { failed: `${tool}: ${summary}; ${tests.failed} tests failed` }),
      };
    },
  };
}

export const sanitizers = [
  sanitizer("memcheck", 240),
  sanitizer("racecheck", 240),
  sanitizer("synccheck", 180),
  sanitizer("initcheck", 180),
];
