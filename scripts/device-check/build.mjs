/** The addon, the native tests and the kernel benchmarks, against the libtorch of this machine. */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { kernelUses } from "../cuda/registers.mjs";

/** Facts that the environment's stage found. */
export const factsOf = (results) => results.stages.environment?.facts ?? {};

/** What setup.mjs is started with: on a card, its torch, and kernels for this card alone, which takes a third of the time. */
export function setupCommand(device, facts, env = process.env) {
  if (device !== "cuda") return { args: [], env: {} };
  const capability = facts.card?.capability;
  const folder = facts.python?.folder;
  return {
    args: ["--cuda", ...(capability ? ["--cuda-architectures", capability] : [])],
    env: folder && !env.ERPRM_LIBTORCH ? { ERPRM_LIBTORCH: folder } : {},
  };
}

/** The parts of the build, as what others need. */
export const addon = ["build", "addon and native tests"];
export const benchmarks = ["build", "kernel benchmarks"];

export const build = {
  name: "build",
  seconds: 560,
  always: true, // something may have been mended since
  parts: () => [
    {
      name: addon[1],
      seconds: 500,
      async run({ device, root, results, expect }) {
        const facts = factsOf(results);
        const { args, env } = setupCommand(device, facts);
        await expect(process.execPath, ["scripts/setup.mjs", ...args], { env });
        results.built = { commit: facts.commit, date: new Date().toISOString() };
        const reports = join(root, "build/cuda");
        // What ptxas said when nvcc compiled them: spills are a reason for slowness to look at first.
        return { facts: { kernels: device === "cuda" && existsSync(reports) ? kernelUses(reports) : [] } };
      },
    },
    {
      name: benchmarks[1],
      seconds: 200,
      async run({ expect }) {
        const parallel = ["--parallel", String(availableParallelism())];
        await expect("cmake", ["--build", "build", "--target", "erprm_kernel_bench", ...parallel]);
      },
    },
  ],
};
