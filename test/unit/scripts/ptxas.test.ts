import test from "ava";
import { importScript } from "../../support/script.js";

interface KernelUse {
  kernel: string;
  card: string;
  registers: number;
  stackBytes: number;
  spillBytes: number;
  sharedBytes: number;
}

const { parsePtxas, shortName } = await importScript<{
  parsePtxas(report: string): KernelUse[];
  shortName(demangled: string): string;
}>("cuda/ptxas.mjs");
const { readCudaCache } = await importScript<{ readCudaCache(text: string): { nvcc?: string; cards: string[] } }>(
  "cuda/cache.mjs",
);

test("registers, stack, spills and shared memory are read for each kernel on each card", (t) => {
  const report = `ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '_Z3oneif' for 'sm_80'
ptxas info    : Function properties for _Z3oneif
    8 bytes stack frame, 4 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 48 registers, used 1 barriers, 256 bytes smem, 396 bytes cmem[0]
ptxas info    : Compile time = 69.330 ms
ptxas info    : Compiling entry function '_Z3twov' for 'sm_100'
ptxas info    : Function properties for _Z3twov
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 9 registers, used 0 barriers
`;
  t.deepEqual(parsePtxas(report), [
    { kernel: "_Z3oneif", card: "sm_80", registers: 48, stackBytes: 8, spillBytes: 16, sharedBytes: 256 },
    { kernel: "_Z3twov", card: "sm_100", registers: 9, stackBytes: 0, spillBytes: 0, sharedBytes: 0 },
  ]);
  t.deepEqual(parsePtxas(""), []);
});

test("a kernel's name is shown without our namespaces, those of its file and its parameters", (t) => {
  t.is(
    shortName(
      "void erprm::cuda::_GLOBAL__N__01695dd8_17_training_adamw_cu_b11c332e::norm_kernel<float, 4>(double const*)",
    ),
    "norm_kernel<float, 4>",
  );
  t.is(shortName("erprm::cuda::(anonymous namespace)::scale<(int)4>(void (*)(int), float)"), "scale<(int)4>");
  t.is(shortName("_Z3oneif"), "_Z3oneif");
});

test("CMake's cache tells nvcc and the cards that kernels are wanted for", (t) => {
  const text = "ERPRM_NVCC:FILEPATH=/cuda/bin/nvcc\nERPRM_WANTED_CARDS:INTERNAL=80;90\nOTHER:STRING=80;90;100\n";
  t.deepEqual(readCudaCache(text), { nvcc: "/cuda/bin/nvcc", cards: ["sm_80", "sm_90"] });
  t.deepEqual(readCudaCache("ERPRM_NVCC:FILEPATH=ERPRM_NVCC-NOTFOUND\n"), { nvcc: undefined, cards: [] });
});
