/** The addon, the native tests and the kernel benchmarks, against the libtorch of this machine. */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { kernelUses } from "../cuda/registers.mjs";

export const build = {
  name: "build",
  seconds: 560,
  always: true, // something may have been mended since
  async run({ device, root, before, expect }) {
    const folder = before.environment?.facts?.python?.folder;
    const env = device === "cuda" && folder && !process.env.ERPRM_LIBTORCH ? { ERPRM_LIBTORCH: folder } : {};
    await expect(process.execPath, ["scripts/setup.mjs", ...(device === "cuda" ? ["--cuda"] : [])], { env });
    const parallel = ["--parallel", String(availableParallelism())];
    await expect("cmake", ["--build", "build", "--target", "erprm_kernel_bench", ...parallel]);
    const reports = join(root, "build/cuda");
    // What ptxas said when nvcc compiled them: spills are a reason for slowness to look at first.
    return { facts: { kernels: device === "cuda" && existsSync(reports) ? kernelUses(reports) : [] } };
  },
};
