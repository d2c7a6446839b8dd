/** What CMake found of CUDA: from the text of a build's CMakeCache.txt. */

/** `nvcc`: its path, undefined where there is none; `cards`: those that kernels are wanted for, "sm_90". */
export function readCudaCache(text) {
  const value = (name) => new RegExp(`^${name}:\\w+=(.*)$`, "m").exec(text)?.[1];
  const nvcc = value("ERPRM_NVCC");
  return {
    nvcc: nvcc === undefined || nvcc.endsWith("NOTFOUND") ? undefined : nvcc,
    cards: (value("ERPRM_WANTED_CARDS") ?? "")
      .split(";")
      .filter((card) => card !== "")
      .map((card) => `sm_${card}`),
  };
}
