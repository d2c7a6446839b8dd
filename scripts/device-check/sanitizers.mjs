/** NVIDIA's compute-sanitizer over the native tests that launch kernels, one file at a time. */
import { StageFailure } from "./command.mjs";
import { countNative, nativeTestFiles, onDevice, testArguments, testProgram, toldTests } from "./native-tests.mjs";
import { toolkitProgram } from "./toolkit.mjs";

/** Tensors of torch's own allocator lie in large blocks, where a sanitizer sees no overrun of one. */
const uncached = { PYTORCH_NO_CUDA_MEMORY_CACHING: "1" };

/** Takes most of the card's memory, and a sanitizer needs as much again for itself. */
const withoutSanitizer = ["engine/accelerator_free_memory_test.cc"];

/** What a part returns for a program that ran under the sanitizer. */
export function toldSanitizer(tool, ended) {
  const told = toldTests(countNative(ended));
  const summary = ended.lines.findLast((line) => line.includes("SUMMARY"))?.replace(/^=+ */, "") ?? "no summary";
  const facts = { summary };
  if (told.failed || ended.status === 0) return { ...told, facts };
  return { ...told, facts, failed: `${tool}: ${summary}` };
}

/** On emulated kernels the tests alone: the emulation does some of the tools' checks itself. */
function sanitizer(tool, seconds) {
  const part = (file, program) => ({
    name: file,
    seconds: program ? 90 : 200,
    async run({ device, run }) {
      const tests = [testProgram, ...testArguments([file])];
      if (!program) return toldTests(countNative(await run(tests[0], tests.slice(1), { env: onDevice(device) })));
      const options = ["--tool", tool, "--error-exitcode", "1", "--print-limit", "20"];
      return toldSanitizer(
        tool,
        await run(program, [...options, ...tests], { env: { ...onDevice(device), ...uncached } }),
      );
    },
  });
  return {
    name: tool,
    seconds,
    parts({ root, device }) {
      const program = device === "cuda" ? toolkitProgram("compute-sanitizer") : undefined;
      if (device === "cuda" && !program) {
        throw new StageFailure(
          "Expected compute-sanitizer on the path, in CUDA_HOME/bin or in /usr/local/cuda/bin, found none",
        );
      }
      const files = nativeTestFiles(root).device.filter((file) => !withoutSanitizer.includes(file));
      return files.map((file) => part(file, program));
    },
  };
}

export const sanitizers = [
  sanitizer("memcheck", 240),
  sanitizer("racecheck", 240),
  sanitizer("synccheck", 180),
  sanitizer("initcheck", 180),
];
