#include "kernels/log_mean_exp.h"

#include <string_view>

#include "kernels/kernel_table.h"

namespace erprm {

namespace generic {
int64_t log_mean_exp(const LogMeanExpBatch& batch, int64_t begin, int64_t end);
}
#if defined(__x86_64__)
namespace avx2 {
int64_t log_mean_exp(const LogMeanExpBatch& batch, int64_t begin, int64_t end);
}
namespace avx512 {
int64_t log_mean_exp(const LogMeanExpBatch& batch, int64_t begin, int64_t end);
}
#endif

int64_t log_mean_exp(const LogMeanExpBatch& batch, int64_t begin, int64_t end) {
#if defined(__x86_64__)
  const std::string_view isa = kernel_table().name;
  if (isa == "avx512" || isa == "amx") return avx512::log_mean_exp(batch, begin, end);
  if (isa == "avx2") return avx2::log_mean_exp(batch, begin, end);
#endif
  return generic::log_mean_exp(batch, begin, end);
}

}  // namespace erprm
