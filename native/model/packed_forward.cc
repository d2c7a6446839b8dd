#include "model/packed_forward.h"

#include <ATen/ops/cat.h>

#include <algorithm>
#include <utility>

#include "ops/packed_attention.h"

namespace erprm {
namespace {

int64_t length_of(const PackedSequence& sequence) { return static_cast<int64_t>(sequence.tokens.size()); }

// The rows of a pass as the device reads them, all in one tensor, which one copy brings there.
struct PassRows {
  at::Tensor memory;
  const int32_t *tokens, *positions;  // [R]
  void* const* places;                // [R]; null when nothing is stored
  at::Tensor wanted;                  // i64 [W]
};

char* place_of(const PackedSequence& sequence, int64_t token, int64_t slot_bytes) {
  if (sequence.blocks == nullptr || token < sequence.first_stored) return nullptr;
  const int64_t stored = token - sequence.first_stored;
  return reinterpret_cast<char*>(sequence.blocks[stored / kKvTokens]) + stored % kKvTokens * slot_bytes;
}

PassRows place_rows(std::span<const PackedSequence> sequences, int64_t num_rows, int64_t slot_bytes, bool stores,
                    const AcceleratorStream& stream) {
  int64_t num_wanted = 0;
  for (const PackedSequence& sequence : sequences) num_wanted += static_cast<int64_t>(sequence.wanted.size());
  const int64_t num_places = stores ? num_rows : 0, addresses = num_places + num_wanted;
  const at::Tensor host = stream.host_empty({addresses + num_rows}, at::kLong);
  int64_t *places = host.data_ptr<int64_t>(), *wanted = places + num_places;
  auto* tokens = reinterpret_cast<int32_t*>(places + addresses);
  int32_t* positions = tokens + num_rows;
  int64_t first = 0;
  for (const PackedSequence& sequence : sequences) {
    for (int64_t i = 0; i < length_of(sequence); ++i) {
      tokens[first + i] = sequence.tokens[i];
      positions[first + i] = static_cast<int32_t>(i);
      if (stores) places[first + i] = reinterpret_cast<int64_t>(place_of(sequence, i, slot_bytes));
    }
    for (const int32_t position : sequence.wanted) *wanted++ = first + position;
    first += length_of(sequence);
  }
  // Pinned memory is kept by torch until the copy that reads it is done. Should the device's failure show in the
  // microseconds between this copy and the end of `host`, torch ends the process: it asks the device in a destructor.
  // A failure that shows before makes this copy throw, and then torch has nothing to ask.
  const at::Tensor memory = host.to(stream.device(), at::kLong, /*non_blocking=*/true);
  int64_t* there = memory.data_ptr<int64_t>();
  const auto* there_tokens = reinterpret_cast<const int32_t*>(there + addresses);
  return {memory, there_tokens, there_tokens + num_rows, stores ? reinterpret_cast<void* const*>(there) : nullptr,
          memory.narrow(0, num_places, num_wanted)};
}

PackedOffsets offsets_of(std::span<const PackedSequence> sequences, at::Device device) {
  std::vector<int32_t> offsets = {0};
  for (const PackedSequence& sequence : sequences) {
    offsets.push_back(offsets.back() + static_cast<int32_t>(length_of(sequence)));
  }
  return place_offsets(std::move(offsets), device);
}

}  // namespace

at::Tensor PackedForward::forward(std::span<const PackedSequence> sequences, const AcceleratorKvPool* pool) {
  std::vector<at::Tensor> hidden;
  for (size_t begin = 0; begin < sequences.size();) {
    int64_t rows = 0;
    size_t end = begin;
    do {
      rows += length_of(sequences[end++]);
    } while (end < sequences.size() && rows + length_of(sequences[end]) <= most_rows_);
    hidden.push_back(pass(sequences.subspan(begin, end - begin), pool));
    begin = end;
  }
  if (hidden.size() == 1) return hidden[0];
  if (hidden.empty()) return transformer_.stream().empty({0, transformer_.config().hidden_size}, transformer_.type());
  return at::cat(hidden);
}

// Memory of ever another size would leave gaps that fit no later pass, until torch has to wait for the device and give
// all of it back.
RowBuffers PackedForward::buffers(int64_t num_rows) {
  if (num_rows > most_rows_) return transformer_.buffers(num_rows);
  if (!kept_ || kept_->num_rows() < num_rows) {
    const int64_t twice = kept_ ? 2 * kept_->num_rows() : 0;
    kept_.reset();  // before new ones are taken
    kept_ = transformer_.buffers(std::min(most_rows_, std::max(num_rows, twice)));
  }
  return kept_->first(num_rows);
}

at::Tensor PackedForward::pass(std::span<const PackedSequence> sequences, const AcceleratorKvPool* pool) {
  const ModelConfig& config = transformer_.config();
  const AcceleratorStream& stream = transformer_.stream();
  const int64_t heads = config.num_heads, kv_heads = config.num_kv_heads, size = config.head_size;
  const PackedOffsets offsets = offsets_of(sequences, stream.device());
  const int64_t num_rows = offsets.host.back();
  const int64_t slot_bytes = size * static_cast<int64_t>(c10::elementSize(transformer_.type()));
  const PassRows placed = place_rows(sequences, num_rows, slot_bytes, pool != nullptr, stream);
  const RowBuffers rows = buffers(num_rows);
  transformer_.embed(placed.tokens, placed.positions, rows);
  const KeyValueRows key_values{placed.places, pool == nullptr ? 0 : pool->layer_stride()};
  const auto attend = [&](int layer, const at::Tensor& qkv, const at::Tensor& attended) {
    const at::Tensor split = qkv.view({num_rows, heads + 2 * kv_heads, size});  // [R, H + 2G, D]
    const int window = config.sliding_layers[layer] != 0 ? config.sliding_window : 0;
    const PackedAttention result = packed_attention(split.narrow(1, 0, heads), split.narrow(1, heads, kv_heads),
                                                    split.narrow(1, heads + kv_heads, kv_heads), offsets, window);
    attended.view({num_rows, heads, size}).copy_(result.out);
  };
  ++num_passes_;
  // Attention scales by itself. The result lies in the buffers that the next pass writes.
  const at::Tensor hidden = transformer_.layers(rows, key_values, 1.0f, attend, placed.wanted);
  return hidden.numel() == 0 ? hidden : hidden.clone();
}

}  // namespace erprm
