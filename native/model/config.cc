#include "model/config.h"

#include "core/error.h"
#include "kernels/kernel_table.h"

namespace erprm {

void check_heads(const ModelConfig& config) {
  require(config.head_size % kPanel == 0, ErrorCode::INVALID_CHECKPOINT, "Expected headSize to be a multiple of ",
          kPanel, ", received ", config.head_size);
  require(config.num_kv_heads > 0 && config.num_heads % config.num_kv_heads == 0, ErrorCode::INVALID_CHECKPOINT,
          "Expected numHeads to be a multiple of numKvHeads, received ", config.num_heads, " and ",
          config.num_kv_heads);
}

}  // namespace erprm
