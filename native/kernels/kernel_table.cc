#include "kernels/kernel_table.h"

#include <cstdlib>
#include <cstring>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#define ERPRM_DECLARE_ISA(isa)                       \
  namespace erprm::isa {                             \
  void add_linear_kernels(KernelTable& table);       \
  void add_product_kernels(KernelTable& table);      \
  void add_pointwise_kernels(KernelTable& table);    \
  void add_attention_kernels(KernelTable& table);    \
  void add_sampling_kernels(KernelTable& table);     \
  void add_training_kernels(KernelTable& table);     \
  void add_softmax_tile_kernels(KernelTable& table); \
  }

ERPRM_DECLARE_ISA(generic)
#if defined(__x86_64__)
ERPRM_DECLARE_ISA(avx2)
ERPRM_DECLARE_ISA(avx512)

namespace erprm::amx {
void add_linear_kernels(KernelTable& table);
void add_attention_kernels(KernelTable& table);
}  // namespace erprm::amx
#endif

namespace erprm {
namespace {

#define ERPRM_FILL_TABLE(isa)             \
  [] {                                    \
    KernelTable table{};                  \
    table.name = #isa;                    \
    isa::add_linear_kernels(table);       \
    isa::add_product_kernels(table);      \
    isa::add_pointwise_kernels(table);    \
    isa::add_attention_kernels(table);    \
    isa::add_sampling_kernels(table);     \
    isa::add_training_kernels(table);     \
    isa::add_softmax_tile_kernels(table); \
    return table;                         \
  }()

#if defined(__x86_64__)
// AMX with bf16 and int8, AVX-512's bf16, and the system's leave to use the tiles, which Linux gives to a process that
// asks.
bool has_tiles() {
  constexpr unsigned kBf16 = 1u << 22, kTiles = 1u << 24, kInt8 = 1u << 25;
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & (kBf16 | kTiles | kInt8)) != (kBf16 | kTiles | kInt8))
    return false;
  return __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bf16") &&
         syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#endif

}  // namespace

const std::vector<KernelTable>& kernel_tables() {
  static const std::vector<KernelTable> tables = [] {
    std::vector<KernelTable> usable = {ERPRM_FILL_TABLE(generic)};
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) usable.push_back(ERPRM_FILL_TABLE(avx2));
    if (usable.size() == 2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni")) {
      usable.push_back(ERPRM_FILL_TABLE(avx512));
    }
    if (usable.size() == 3 && has_tiles()) {
      usable.push_back(usable.back());
      usable.back().name = "amx";
      amx::add_linear_kernels(usable.back());
      amx::add_attention_kernels(usable.back());
    }
#endif
    return usable;
  }();
  return tables;
}

const KernelTable& kernel_table() {
  // ERPRM_KERNELS=NAME chooses a table by name, to compare instruction sets on one machine.
  static const KernelTable& table = []() -> const KernelTable& {
    const char* wanted = std::getenv("ERPRM_KERNELS");
    for (const KernelTable& candidate : kernel_tables()) {
      if (wanted != nullptr && std::strcmp(wanted, candidate.name) == 0) return candidate;
    }
    return kernel_tables().back();
  }();
  return table;
}

}  // namespace erprm
