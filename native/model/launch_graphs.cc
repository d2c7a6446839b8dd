#include "model/launch_graphs.h"

#if ERPRM_CUDA
#include <ATen/cuda/CUDAGraph.h>

#include <unordered_map>
#endif

namespace erprm {

#if ERPRM_CUDA

struct LaunchGraphs::State {
  // Graphs run one after another on one stream, so they may use the same memory.
  const at::MempoolId_t memory = at::cuda::graph_pool_handle();
  std::unordered_map<int64_t, std::unique_ptr<at::cuda::CUDAGraph>> graphs;  // null: has run once
};

namespace {

void capture(at::cuda::CUDAGraph& graph, at::MempoolId_t memory, const std::function<void()>& launches) {
  // Of this thread only: others may allocate meanwhile.
  graph.capture_begin(memory, cudaStreamCaptureModeThreadLocal);
  try {
    launches();
  } catch (...) {
    // The stream must leave capture mode; what went wrong is the launches' error.
    try {
      graph.capture_end();
    } catch (...) {
    }
    throw;
  }
  graph.capture_end();
}

}  // namespace

void LaunchGraphs::run(int64_t key, int times, const std::function<void()>& launches) {
  const auto [entry, is_first] = state_->graphs.try_emplace(key, nullptr);
  if (is_first && times > 0) {
    launches();
    --times;
  }
  if (times == 0) return;
  if (entry->second == nullptr) {
    auto graph = std::make_unique<at::cuda::CUDAGraph>();
    capture(*graph, state_->memory, launches);
    entry->second = std::move(graph);
  }
  for (int i = 0; i < times; ++i) entry->second->replay();
}

void LaunchGraphs::clear() { state_->graphs.clear(); }

#else

struct LaunchGraphs::State {};

void LaunchGraphs::run(int64_t, int times, const std::function<void()>& launches) {
  for (int i = 0; i < times; ++i) launches();
}

void LaunchGraphs::clear() {}

#endif

LaunchGraphs::LaunchGraphs() : state_(std::make_unique<State>()) {}

LaunchGraphs::~LaunchGraphs() = default;

}  // namespace erprm
