// The rows of a burst of decoding: B completions, each with one token to feed, whose state lives on the device so that
// k iterations run without the host.
//
// One iteration = embed_rows(tokens, positions) -> layers (prepare_heads with kv_rows, decode_attention) -> logits ->
// sample_rows, which draws each row's next token and moves the row on. All pointers below are device pointers to arrays
// that stay where they are (a captured graph holds them); the host fills them before a burst and reads `drawn_*`,
// `num_drawn` and `ends` after it.
//
// A row with n tokens drawn so far (own_lengths = n) has tokens = the last of them, whose key and value are not stored
// yet: they go to slot (n - 1) % kKvTokens of its own block (n - 1) / kKvTokens = kv_rows; positions = trunk_limit +
// n - 1; it attends to trunk tokens [0, trunk_limit) and own tokens [0, n). Its next draw has
// DrawCoordinates::position = n. A row with n = 0 has nothing to feed: sample_rows draws its first token from logits
// that belong to its prefix.
#pragma once

#include <cstdint>

#include "core/philox.h"
#include "kernels/kernel_table.h"

namespace erprm::cuda {

// Why a row ended. Rows that have ended are skipped: no key or value is stored, attention writes zeros, nothing is
// drawn, and their tokens, positions and own_lengths stay (valid indices, so that the passes between may compute).
enum RowEnd : int32_t {
  kRowRuns = 0,
  kRowStop = 1,       // drew a stop token, which is its last drawn token
  kRowLength = 2,     // has no tokens left
  kRowNotFinite = 3,  // its logits are not finite; its last drawn token is -1
  kRowPadding = 4,    // set by the host: stands for no completion
};

// What stays as it is during a burst.
struct DecodeRow {
  DrawCoordinates draw;  // but for `position`, which is own_lengths
  SamplingOptions sampling;
  int32_t trunk_limit;   // tokens of the trunk that it sees
  int32_t trunk_list;    // index into `blocks` of its trunk's first block
  int32_t own_list;      // index into `blocks` of its own first block; they reach to the end of the burst
  int32_t first_result;  // index of its first partial result of attention (decode_plan.h)
  int32_t stop_list;     // its stop tokens are stop_tokens[stop_list .. stop_list + num_stops)
  int32_t num_stops;
};

struct DecodeRows {
  int32_t num_rows;            // B, of the bucket
  const DecodeRow* rows;       // [B]
  const void* const* blocks;   // handles of blocks: their addresses in layer 0
  const int32_t* stop_tokens;  // may be null when no row has any
  // What changes with every token. [B] each.
  int32_t* tokens;
  int32_t* positions;
  int32_t* own_lengths;
  int32_t* tokens_left;  // that the row may still draw
  int32_t* ends;         // RowEnd
  void** kv_rows;        // null for rows that have ended
  // What was drawn. The host sets num_drawn to 0 before a burst.
  int32_t* num_drawn;              // [B]
  int32_t* drawn_tokens;           // [B, capacity]
  float* drawn_log_probabilities;  // [B, capacity]
  int32_t capacity;                // k; a row that has drawn so many is skipped as if it had ended
  int32_t token_bytes;             // of one token's key in one head: D * element_bytes
};

}  // namespace erprm::cuda
