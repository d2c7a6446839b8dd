#include "kernels/kernel_table.h"

#include <cstdlib>
#include <cstring>

#define ERPRM_DECLARE_ISA(isa)                   \
  namespace erprm::isa {                         \
  void add_linear_kernels(KernelTable& table);   \
  void add_pointwise_kernels(KernelTable& table); \
  void add_attention_kernels(KernelTable& table); \
  void add_sampling_kernels(KernelTable& table);  \
  }

ERPRM_DECLARE_ISA(generic)
#if defined(__x86_64__)
ERPRM_DECLARE_ISA(avx2)
#endif

namespace erprm {
namespace {

KernelTable choose() {
  KernelTable table{};
#if defined(__x86_64__)
  // ERPRM_KERNELS=generic lets a test run the portable kernels on a machine that has better ones.
  const char* wanted = std::getenv("ERPRM_KERNELS");
  const bool generic_wanted = wanted != nullptr && std::strcmp(wanted, "generic") == 0;
  if (!generic_wanted && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    table.name = "avx2";
    avx2::add_linear_kernels(table);
    avx2::add_pointwise_kernels(table);
    avx2::add_attention_kernels(table);
    avx2::add_sampling_kernels(table);
    return table;
  }
#endif
  table.name = "generic";
  generic::add_linear_kernels(table);
  generic::add_pointwise_kernels(table);
  generic::add_attention_kernels(table);
  generic::add_sampling_kernels(table);
  return table;
}

}  // namespace

const KernelTable& kernel_table() {
  static const KernelTable table = choose();
  return table;
}

}  // namespace erprm
