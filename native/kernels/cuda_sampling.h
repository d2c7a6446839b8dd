// sample_rows: the next token of every row of a burst, and the row moved on. Twin: KernelTable::sample_token.
//
// Temperature, top-k, top-p, min-p, their order and ties are those of truncate_weights.h and sampling_simd.cc; the
// uniform number is core/philox.h's `uniform`. The same logits give the same tokens as on the CPU: weights and the sums
// of chunks are computed with the same operations in the same order as there on a processor with fused multiply-add.
#pragma once

#include <cstdint>

#include "kernels/cuda_decode_rows.h"
#include "kernels/cuda_stream.h"

namespace erprm::cuda {

// One block a row. For every row r that runs and has num_drawn[r] < capacity, with n = own_lengths[r]:
//   token, log-probability <- draw from logits[logit_rows ? logit_rows[r] : r, 0 .. V) at position n
//   drawn_tokens, drawn_log_probabilities[r, num_drawn[r]] = both;  num_drawn[r] += 1
//   logits not finite: the drawn token is -1, its log-probability 0, ends[r] = kRowNotFinite
//   else tokens[r] = token; own_lengths[r] = n + 1; positions[r] = trunk_limit + n; tokens_left[r] -= 1;
//   ends[r] = kRowStop for a stop token, else kRowLength without tokens left;
//   kv_rows[r] = slot n of the own blocks, null where the row ended. (The block is read from `blocks` only for a row
//   that runs on and has room in the burst: a row that fills the burst gets null, and the host sets it before the
//   next.)
// Other rows: nothing changes.
//   logits f32 [any, ld], ld >= V;  logit_rows i32 [B] or null (first tokens: many rows draw from one row of logits)
// Returns a cudaError_t; cudaErrorInvalidValue for V < 1.
int sample_rows(const float* logits, int64_t ld, const int32_t* logit_rows, int vocabulary, const DecodeRows& rows,
                Stream stream);

}  // namespace erprm::cuda
