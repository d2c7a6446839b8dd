#include "model/shared_prefix_attention.h"

#include <algorithm>
#include <cstring>

#include "core/parallel.h"
#include "kernels/kernel_table.h"

namespace erprm {
namespace {

// The running maximum before any key was seen: below every score, yet finite, so that differences stay finite.
constexpr float kNoScore = -1e30f;

// A run of rows of one group, for one kv head: the unit of parallel work.
struct Task {
  int32_t begin;
  int32_t end;
  int kv_head;
};

std::vector<Task> split(const ForwardBatch& batch, int num_kv_heads) {
  const int64_t total = static_cast<int64_t>(batch.rows.size()) * num_kv_heads;
  // Small enough that every thread gets several tasks, large enough that a trunk's block is used many times.
  const int32_t run = static_cast<int32_t>(std::clamp<int64_t>(total / (num_parallel_threads() * 4), 2, 16));
  std::vector<Task> tasks;
  for (size_t g = 0; g + 1 < batch.groups.size(); ++g) {
    for (int kv_head = 0; kv_head < num_kv_heads; ++kv_head) {
      for (int32_t r = batch.groups[g]; r < batch.groups[g + 1]; r += run) {
        tasks.push_back({r, std::min(r + run, batch.groups[g + 1]), kv_head});
      }
    }
  }
  return tasks;
}

}  // namespace

void shared_prefix_attention(const ModelConfig& config, const KvBlockPool& pool, const ForwardBatch& batch, int layer,
                             const float* queries, int64_t ldq, float* output, int64_t ldo) {
  const KernelTable& kernels = kernel_table();
  const auto attend = pool.type() == KeyValueType::kBf16 ? kernels.attend_bf16 : kernels.attend;
  const int head_size = config.head_size, share = config.heads_per_kv_head();
  const int window = config.sliding_layers[layer] != 0 ? config.sliding_window : 0;
  const std::vector<Task> tasks = split(batch, config.num_kv_heads);
  parallel_for(0, static_cast<int64_t>(tasks.size()), 1, [&](int64_t task_begin, int64_t task_end) {
    std::vector<QueryRow> rows;
    std::vector<float> states;
    for (int64_t t = task_begin; t < task_end; ++t) {
      const Task& task = tasks[t];
      rows.clear();
      states.resize(static_cast<size_t>(task.end - task.begin) * share * 2);
      for (int32_t r = task.begin; r < task.end; ++r) {
        const ForwardRow& row = batch.rows[r];
        const int first_visible = window > 0 ? std::max(0, row.position - window + 1) : 0;
        for (int h = 0; h < share; ++h) {
          const int64_t head = static_cast<int64_t>(task.kv_head) * share + h;
          float* out = output + r * ldo + head * head_size;
          std::memset(out, 0, sizeof(float) * head_size);
          float* state = states.data() + 2 * rows.size();
          state[0] = kNoScore;
          state[1] = 0.0f;
          rows.push_back({queries + r * ldq + head * head_size, out, state, first_visible, row.trunk_limit});
        }
      }
      KeyValueBlocks list{batch.rows[task.begin].trunk_blocks, pool.key_offset(layer, task.kv_head),
                          pool.value_offset(layer, task.kv_head), head_size};
      attend(rows.data(), static_cast<int>(rows.size()), list);
      for (int32_t r = task.begin; r < task.end; ++r) {
        const ForwardRow& row = batch.rows[r];
        QueryRow* own = rows.data() + static_cast<size_t>(r - task.begin) * share;
        if (row.own_limit > 0) {
          for (int h = 0; h < share; ++h) {
            own[h].first = std::max(0, own[h].first - row.trunk_limit);
            own[h].limit = row.own_limit;
          }
          list.blocks = row.own_blocks;
          attend(own, share, list);
        }
        for (int h = 0; h < share; ++h) {
          const float inverse = 1.0f / own[h].state[1];
          for (int d = 0; d < head_size; ++d) own[h].output[d] *= inverse;
        }
      }
    }
  });
}

}  // namespace erprm
