// The small kernels of a decoder's forward pass, over R rows (a row is one token at one position), in decoding and in
// packed passes alike. Their twins on the CPU: rms_norm, rotate and swiglu of kernel_table.h, and model/transformer.cc.
//
// All of them: pointers are device pointers and 16-byte aligned; matrices are dense and row-major unless a leading
// dimension is named; T is `element`; arithmetic is f32. Nothing is allocated or synchronised, grids depend on the
// sizes given alone, so launches can be captured in a graph. What these kernels make of a row depends on that row
// alone. Zero rows launch nothing. Each returns a cudaError_t, 0 = launched; cudaErrorInvalidValue (1) for sizes it
// does not take.
#pragma once

#include <cstdint>

#include "kernels/cuda_element.h"
#include "kernels/cuda_stream.h"

namespace erprm::cuda {

// residual[r, :] = table[tokens[r], :], and the cosines and sines of the row's angles
//   angle[i] = f32(positions[r]) * inverse_frequencies[i], rounded to f32 before its cosine is taken (as on the CPU);
//   cosines, sines[r, i] = rope_scale * cos, sin(angle[i]).
// REQUIRES: 0 <= tokens[r] < the table's rows (finished rows too).
struct EmbedRows {
  const int32_t* tokens;             // [R]
  const int32_t* positions;          // [R]
  const void* table;                 // T [V, C]
  const float* inverse_frequencies;  // [D/2]
  float rope_scale;
  float* residual;                 // [R, C]
  float* cosines;                  // [R, D/2]
  float* sines;                    // [R, D/2]
  int num_rows, width, head_size;  // R, C, D
};
int embed_rows(const EmbedRows& args, Element element, Stream stream);

// residual[r, :] += delta[r, :], where delta is not null; then
// out[r, i] = T(residual[r, i] / sqrt(mean over i of residual[r, i]^2 + epsilon) * weight[i]).
// `out` may be null (only the addition); it may not alias residual; it may alias delta.
struct AddRmsNorm {
  float* residual;      // [R, C]
  const void* delta;    // T [R, C] or null
  const float* weight;  // [C]; not read without out
  float epsilon;
  void* out;  // T [R, C] or null
  int num_rows, width;
};
int add_rms_norm(const AddRmsNorm& args, Element element, Stream stream);

// In place on the product of the fused query, key and value weights: head norms (where the model has them), rotation of
// queries and keys by the row's angles, queries times query_scale; then key and value are stored.
//   x[0 .. H) queries, x[H .. H+G) keys, x[H+G .. H+2G) values, each T [D], at qkv + r * ld
// kv_rows[r] is where row r's key of kv head 0 lies in LAYER 0: block handle + slot * D elements. This layer's is
// layer_bytes further; kv head g's key another g * kKvTokens * D elements, its value G * kKvTokens * D elements after
// the key. (A block is [2, G, kKvTokens, D]: keys, then values.) Null: the row's key and value are not stored (rows of
// a packed pass that nobody will attend to again; finished rows).
// REQUIRES: D is a multiple of 16, at most 256; ld >= (H + 2G) D, a multiple of 8.
struct PrepareHeads {
  void* qkv;  // T [R, ld]; rotated keys are written back too, values are left alone
  int64_t ld;
  const float* query_norm;  // [D], or null: no head norms (then key_norm is null too)
  const float* key_norm;    // [D]
  float epsilon;
  const float* cosines;  // [R, D/2], from embed_rows
  const float* sines;
  float query_scale;     // 1/sqrt(D) before decode attention; 1 where attention scales by itself
  void* const* kv_rows;  // [R], or null: no row stores
  int64_t layer_bytes;   // from a block's handle to its part of this layer
  int num_rows, num_heads, num_kv_heads, head_size;  // R, H, G, D
};
int prepare_heads(const PrepareHeads& args, Element element, Stream stream);

// out[r, i] = silu(gate_up[r, i]) * gate_up[r, F + i]
struct SwiGlu {
  const void* gate_up;  // T [R, 2F]
  void* out;            // T [R, F]
  int num_rows, width;  // R, F
};
int swiglu(const SwiGlu& args, Element element, Stream stream);

}  // namespace erprm::cuda
