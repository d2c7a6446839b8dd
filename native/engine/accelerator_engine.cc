#include "engine/accelerator_engine.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/error.h"

namespace erprm {
namespace {

// Rows of logits brought to the host at a time.
constexpr int64_t kLogitRows = 128;

// Of the free memory a quarter is left: to a model beside this one, to sequences longer than a pass, to torch's
// rounding.
constexpr int64_t kSpareShare = 4;

int64_t kv_budget(const AcceleratorEngineOptions& options, const PackedForward& packed,
                  const AcceleratorStream& stream) {
  if (options.kv_memory_bytes > 0) return options.kv_memory_bytes;
  const int64_t free = stream.free_bytes();
  return std::max<int64_t>(0, free - free / kSpareShare - packed.pass_bytes(options.prefill_chunk));
}

std::vector<float> floats_of(const at::Tensor& x) {
  const at::Tensor host = x.to(at::kCPU, at::kFloat).contiguous();
  const float* data = host.const_data_ptr<float>();
  return {data, data + host.numel()};
}

// Whoever wants alternatives wants them with every token, so its logits are looked at after each.
bool wants_alternatives(const Completion& completion) {
  const RolloutRequest& request = *completion.trunk->request;
  return request.on_tokens && request.num_alternatives > 0;
}

}  // namespace

std::unique_ptr<AcceleratorEngine> AcceleratorEngine::load(const ModelConfig& config, const Checkpoint& checkpoint,
                                                           DeviceChoice device, const AcceleratorEngineOptions& options,
                                                           std::shared_ptr<EngineStats> stats) {
  require(options.burst_tokens >= 1 && options.burst_tokens <= kKvTokens, ErrorCode::INVALID_ARGUMENT,
          "Expected a burst to have from 1 to ", kKvTokens, " tokens, received ", options.burst_tokens);
  Parts parts;
  parts.stream = std::make_unique<AcceleratorStream>(device);
  const AcceleratorStream::Use use(*parts.stream);
  parts.transformer =
      std::make_unique<AcceleratorTransformer>(config, checkpoint, options.type, OutputMatrix::kPacked, *parts.stream);
  parts.packed = std::make_unique<PackedForward>(*parts.transformer, options.prefill_chunk);
  parts.burst = std::make_unique<DecodeBurst>(*parts.transformer, options.max_batch, options.burst_tokens);
  auto pool = std::make_unique<AcceleratorKvPool>(config, options.type,
                                                  kv_budget(options, *parts.packed, *parts.stream), *parts.stream);
  parts.burst->reserve_blocks(pool->num_blocks());
  const SchedulerLimits limits{options.max_batch, options.prefill_chunk, config.context_length, options.burst_tokens};
  return std::unique_ptr<AcceleratorEngine>(
      new AcceleratorEngine(std::move(parts), std::move(pool), limits, std::move(stats)));
}

AcceleratorEngine::AcceleratorEngine(Parts parts, std::unique_ptr<AcceleratorKvPool> pool, SchedulerLimits limits,
                                     std::shared_ptr<EngineStats> stats)
    : Engine(parts.transformer->config(), limits, std::move(pool), std::move(stats)),
      limits_(limits),
      parts_(std::move(parts)),
      kv_pool_(static_cast<AcceleratorKvPool&>(Engine::pool())) {}

void AcceleratorEngine::iterate() {
  const AcceleratorStream::Use use(*parts_.stream);
  scheduler().drop_cancelled();
  // A first token may end its completion and free its slot, so this repeats until nothing new starts.
  for (auto fresh = scheduler().start_completions(); !fresh.empty(); fresh = scheduler().start_completions()) {
    draw_first(fresh);
  }
  const BurstPlan plan = scheduler().plan_burst();
  compute_sequences(plan.sequences);
  decode(plan.completions);
}

BurstRow AcceleratorEngine::burst_row(const Completion& completion) const {
  const Trunk& trunk = *completion.trunk;
  const int32_t drawn = static_cast<int32_t>(completion.tokens.size());
  const int32_t prefix = trunk.request->groups[completion.group].prefix_length;
  return {coordinates(completion),
          trunk.request->sampling,
          &trunk.blocks,
          prefix,
          &completion.blocks,
          drawn == 0 ? 0 : completion.tokens.back(),
          drawn,
          scheduler().max_tokens(trunk, completion.group) - drawn,
          &trunk.request->stop_tokens};
}

// Empty when nobody wants them.
std::vector<float> AcceleratorEngine::logits_for(const Completion& completion, int64_t row) const {
  if (!wants_alternatives(completion)) return {};
  return floats_of(parts_.burst->logits().select(0, row));
}

void AcceleratorEngine::draw_first(const std::vector<Completion*>& fresh) {
  // Each group's hidden state once.
  std::map<std::pair<const Trunk*, int32_t>, int32_t> logit_row_of;
  std::vector<const std::vector<float>*> states;
  std::vector<BurstRow> rows;
  std::vector<int32_t> logit_rows;
  for (const Completion* completion : fresh) {
    const auto [entry, is_new] =
        logit_row_of.try_emplace({completion->trunk, completion->group}, static_cast<int32_t>(states.size()));
    if (is_new) states.push_back(&completion->trunk->group_logits[completion->group]);
    rows.push_back(burst_row(*completion));
    logit_rows.push_back(entry->second);
  }
  const int64_t width = config().hidden_size, count = static_cast<int64_t>(states.size());
  if (!states_.defined() || states_.size(0) < count) {
    states_ = parts_.stream->host_empty({DecodeBurst::bucket_of(count), width}, at::kFloat);
  }
  for (int64_t i = 0; i < count; ++i) {
    std::copy(states[i]->begin(), states[i]->end(), states_.data_ptr<float>() + i * width);
  }
  // Converted on the device, and not waited for: draw_first waits for all of it.
  const at::Tensor hidden = states_.narrow(0, 0, count).to(parts_.stream->device(), at::kFloat, /*non_blocking=*/true);
  parts_.burst->draw_first(rows, hidden.to(parts_.transformer->type()), logit_rows);
  Failed failed;
  for (size_t i = 0; i < fresh.size(); ++i) {
    const std::vector<float> logits = logits_for(*fresh[i], logit_rows[i]);
    accept(*fresh[i], parts_.burst->drawn(static_cast<int64_t>(i), 0), logits.data(), failed);
  }
  fail(failed);
}

void AcceleratorEngine::compute_sequences(const std::vector<WholeSequence>& sequences) {
  if (sequences.empty()) return;
  std::vector<std::vector<int32_t>> joined(sequences.size());
  std::vector<PackedSequence> packed;
  for (size_t i = 0; i < sequences.size(); ++i) {
    const WholeSequence& sequence = sequences[i];
    const std::vector<int32_t>& trunk = sequence.trunk->request->trunk;
    if (sequence.completion == nullptr) {
      std::vector<int32_t> wanted;
      for (const int32_t g : sequence.groups) wanted.push_back(sequence.trunk->request->groups[g].prefix_length - 1);
      std::sort(wanted.begin(), wanted.end());
      wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
      packed.push_back({trunk, 0, sequence.trunk->blocks.data(), std::move(wanted)});
      continue;
    }
    const Completion& completion = *sequence.completion;
    const int32_t prefix = sequence.trunk->request->groups[completion.group].prefix_length;
    joined[i].assign(trunk.begin(), trunk.begin() + prefix);
    joined[i].insert(joined[i].end(), completion.tokens.begin(), completion.tokens.end() - 1);
    packed.push_back({joined[i], prefix, completion.blocks.data(), {}});
  }
  const int64_t before = parts_.packed->num_passes();
  const std::vector<float> hidden = floats_of(parts_.packed->forward(packed, &kv_pool_));  // [W, C]
  stats().iterations += parts_.packed->num_passes() - before;
  const int64_t width = config().hidden_size;
  int64_t row = 0;
  for (size_t i = 0; i < sequences.size(); ++i) {
    for (const int32_t position : packed[i].wanted) {
      const auto begin = hidden.begin() + row++ * width;
      for (const int32_t g : sequences[i].groups) {
        Trunk& trunk = *sequences[i].trunk;
        if (trunk.request->groups[g].prefix_length - 1 == position) trunk.group_logits[g].assign(begin, begin + width);
      }
    }
  }
}

void AcceleratorEngine::decode(const std::vector<Completion*>& completions) {
  if (completions.empty()) return;
  std::vector<BurstRow> rows;
  int32_t most_left = 0;
  bool alternatives = false;
  for (const Completion* completion : completions) {
    rows.push_back(burst_row(*completion));
    most_left = std::max(most_left, rows.back().tokens_left);
    alternatives = alternatives || wants_alternatives(*completion);
  }
  const int32_t iterations = alternatives ? 1 : std::min(limits_.tokens_ahead, most_left);
  parts_.burst->run(rows, iterations, kv_pool_);
  stats().iterations += iterations;
  Failed failed;
  for (size_t i = 0; i < completions.size(); ++i) {
    const int64_t row = static_cast<int64_t>(i);
    const int32_t count = parts_.burst->num_drawn(row);
    const std::vector<float> logits = logits_for(*completions[i], row);
    bool runs = true;
    for (int32_t t = 0; t < count && runs; ++t) {
      runs = accept(*completions[i], parts_.burst->drawn(row, t), logits.data(), failed);
    }
    if (runs) scheduler().count_computed(*completions[i], count);
  }
  fail(failed);
}

bool AcceleratorEngine::device_works() const noexcept { return erprm::device_works(parts_.stream->choice()); }

void AcceleratorEngine::compute_logits(const std::vector<int32_t>& tokens, const Visit& visit) {
  const AcceleratorStream::Use use(*parts_.stream);
  PackedSequence sequence{tokens, 0, nullptr, {}};
  for (size_t i = 0; i < tokens.size(); ++i) sequence.wanted.push_back(static_cast<int32_t>(i));
  const at::Tensor hidden = parts_.packed->forward({&sequence, 1}, nullptr);  // [tokens, C]
  const int64_t num_tokens = hidden.size(0), vocabulary = config().vocabulary_size;
  const at::Tensor logits = parts_.stream->empty({std::min(kLogitRows, num_tokens), vocabulary}, at::kFloat);
  for (int64_t begin = 0; begin < num_tokens; begin += kLogitRows) {
    const int64_t count = std::min(kLogitRows, num_tokens - begin);
    parts_.transformer->logits(hidden.narrow(0, begin, count), logits.narrow(0, 0, count));
    const std::vector<float> rows = floats_of(logits.narrow(0, 0, count));
    for (int64_t i = 0; i < count; ++i) visit(begin + i, rows.data() + i * vocabulary);
  }
}

}  // namespace erprm
