// AcceleratorEngine: the engine of CUDA devices (and of their emulation). An iteration reads prefixes in packed passes,
// draws the first tokens of those that start from the ends of their prefixes, and then decodes a burst: several tokens
// for every running completion without the host in between (model/decode_burst.h).
//
// The scheduler reserves the blocks of a whole burst before it. Stop strings are matched on the host after it; what was
// drawn beyond one is thrown away, which changes nothing for others, as draws are counters.
// Thread: device thread only.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/engine.h"
#include "model/decode_burst.h"
#include "model/packed_forward.h"

namespace erprm {

struct AcceleratorEngineOptions {
  at::ScalarType type = at::kBFloat16;  // kFloat: exact
  int32_t max_batch = 0;                // completions that run at the same time
  int32_t prefill_chunk = 0;            // tokens of a packed pass, and of those of one iteration
  int32_t burst_tokens = 8;             // of a completion between two looks of the host; 1 to kKvTokens
  int64_t kv_memory_bytes = 0;          // 0: three quarters of what is free, but for what passes need
};

class AcceleratorEngine : public Engine {
 public:
  // Throws what loading the weights throws (accelerator_weights.h); OUT_OF_MEMORY where the device has no room for keys
  // and values.
  static std::unique_ptr<AcceleratorEngine> load(const ModelConfig& config, const Checkpoint& checkpoint,
                                                 DeviceChoice device, const AcceleratorEngineOptions& options,
                                                 std::shared_ptr<EngineStats> stats);

  bool device_works() const noexcept override;

 private:
  // What computes, made in this order, each using those before it.
  struct Parts {
    std::unique_ptr<AcceleratorStream> stream;
    std::unique_ptr<AcceleratorTransformer> transformer;
    std::unique_ptr<PackedForward> packed;
    std::unique_ptr<DecodeBurst> burst;
  };

  AcceleratorEngine(Parts parts, std::unique_ptr<AcceleratorKvPool> pool, SchedulerLimits limits,
                    std::shared_ptr<EngineStats> stats);

  void iterate() override;
  void compute_logits(const std::vector<int32_t>& tokens, const Visit& visit) override;
  void draw_first(const std::vector<Completion*>& fresh);
  void compute_sequences(const std::vector<WholeSequence>& sequences);
  void decode(const std::vector<Completion*>& completions);
  BurstRow burst_row(const Completion& completion) const;
  std::vector<float> logits_for(const Completion& completion, int64_t row) const;

  const SchedulerLimits limits_;
  const Parts parts_;
  AcceleratorKvPool& kv_pool_;
  // f32 [any, C] on the host: the final hidden states of prefixes on their way to the device. Kept, as torch can give
  // memory back that a copy has read only while the device works.
  at::Tensor states_;
};

}  // namespace erprm
