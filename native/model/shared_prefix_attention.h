// Attention of a ForwardBatch for one layer: every row over its trunk, then on over its own tokens.
//
// Rows that share a trunk are stacked, heads of one kv head together, into one matrix, so a block of trunk keys is read
// once for all of them however many completions and prefixes hang on it.
#pragma once

#include "model/config.h"
#include "model/forward_batch.h"
#include "model/kv_cache.h"

namespace erprm {

// queries f32 [R, ldq]: head h of row r at queries[r*ldq + h*D], rotated and scaled by 1/sqrt(D).
// output  f32 [R, ldo]: head h of row r at output[r*ldo + h*D].
void shared_prefix_attention(const ModelConfig& config, const KvBlockPool& pool, const ForwardBatch& batch, int layer,
                             const float* queries, int64_t ldq, float* output, int64_t ldo);

}  // namespace erprm
