/**
 * npm run check:cuda: compiles the CUDA kernels with nvcc for every card of cmake/cuda.cmake, or for those that
 * `npm run build -- --cuda-architectures` chose, whatever libtorch the build is for, and prints registers, stack, spills and static
 * shared memory of each. Kept in build/cuda/registers.json. Fails when one does not compile, when nvcc knows a card not, or when a
 * kernel spills more than scripts/cuda/allowed-spills.mjs says.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { runLoud } from "./command.mjs";
import { allowedSpills } from "./cuda/allowed-spills.mjs";
import { readCudaCache } from "./cuda/cache.mjs";
import { kernelUses } from "./cuda/registers.mjs";
import { packageRoot } from "./setup.mjs";
import { runScript, SetupError } from "./setup-error.mjs";

const build = join(packageRoot, "build");

/** The cards that CMake wants kernels for, as ptxas calls them: "sm_90". */
function expectNvcc() {
  const file = join(build, "CMakeCache.txt");
  if (!existsSync(file)) throw new SetupError(`Expected ${file}, found none. Run: npm run build`);
  const { nvcc, cards } = readCudaCache(readFileSync(file, "utf8"));
  if (!nvcc) {
    throw new SetupError(
      "Expected nvcc of CUDA's toolkit on the path, in CUDA_HOME/bin or in /usr/local/cuda/bin, found none",
    );
  }
  return cards;
}

function printTable(rows) {
  const width = Math.max(...rows.map(({ kernel }) => kernel.length));
  console.log(`${"kernel".padEnd(width)}  card    registers  stack  spills  shared`);
  let shown = "";
  for (const { file, kernel, card, registers, stackBytes, spillBytes, sharedBytes } of rows) {
    if (file !== shown) console.log(`native/kernels/${file}`);
    shown = file;
    const numbers = [String(registers).padStart(9), ...[stackBytes, spillBytes].map((n) => String(n).padStart(6))];
    console.log(`${kernel.padEnd(width)}  ${card.padEnd(6)}  ${numbers.join(" ")}  ${String(sharedBytes).padStart(6)}`);
  }
}

await runScript(async () => {
  const cards = expectNvcc();
  const status = await runLoud("cmake", [
    ...["--build", build, "--target", "cuda_check", "--parallel", String(availableParallelism())],
  ]);
  if (status !== 0) return 1;
  const rows = kernelUses(join(build, "cuda"));
  writeFileSync(join(build, "cuda/registers.json"), `${JSON.stringify(rows, undefined, 1)}\n`);
  printTable(rows);
  const excessive = rows.filter(
    ({ kernel, spillBytes }) => spillBytes > (allowedSpills[kernel.replace(/<.*/, "")] ?? 0),
  );
  for (const { kernel, card, spillBytes } of excessive) {
    console.log(`not ok: ${kernel} spills ${spillBytes} bytes on ${card}`);
  }
  const missing = cards.filter((card) => !rows.some((row) => row.card === card));
  if (missing.length > 0) console.log(`not ok: nvcc compiled nothing for ${missing.join(", ")}`);
  return excessive.length === 0 && missing.length === 0 ? 0 : 1;
});
