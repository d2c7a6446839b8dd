#include "model/launch_graphs.h"

#if ERPRM_CUDA
#include <ATen/cuda/CUDAGraph.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <unordered_map>
#endif

namespace erprm {

#if ERPRM_CUDA

namespace {

bool graphs_are_wanted() {
  const char* refused = std::getenv("ERPRM_NO_GRAPHS");
  return refused == nullptr || std::string_view(refused) != "1";
}

}  // namespace

struct LaunchGraphs::State {
  // Graphs run one after another on one stream, so they may use the same memory.
  at::MempoolId_t memory = at::cuda::graph_pool_handle();
  std::unordered_map<int64_t, std::unique_ptr<at::cuda::CUDAGraph>> graphs;  // null: has run once
  bool can_capture = graphs_are_wanted();
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
  if (times <= 0) return;
  if (!state_->graphs.contains(key)) {
    launches();  // when it throws, the next time is the first again
    state_->graphs.emplace(key, nullptr);
    --times;
  }
  std::unique_ptr<at::cuda::CUDAGraph>& graph = state_->graphs.at(key);
  if (times > 0 && graph == nullptr && state_->can_capture) {
    auto captured = std::make_unique<at::cuda::CUDAGraph>();
    // libtorch before 2.12 leaves its allocator in disorder after a capture that failed: no further one is tried.
    state_->can_capture = false;
    capture(*captured, state_->memory, launches);
    state_->can_capture = true;
    graph = std::move(captured);
  }
  for (int i = 0; i < times; ++i) {
    if (graph == nullptr) {
      launches();
    } else {
      graph->replay();
    }
  }
}

void LaunchGraphs::clear() {
  state_->graphs.clear();
  // The last graph took its memory's name with it: capturing under that name again fails an assertion of libtorch.
  state_->memory = at::cuda::graph_pool_handle();
}

int64_t LaunchGraphs::num_graphs() const {
  return std::count_if(state_->graphs.begin(), state_->graphs.end(),
                       [](const auto& entry) { return entry.second != nullptr; });
}

#else

struct LaunchGraphs::State {};

void LaunchGraphs::run(int64_t, int times, const std::function<void()>& launches) {
  for (int i = 0; i < times; ++i) launches();
}

void LaunchGraphs::clear() {}

int64_t LaunchGraphs::num_graphs() const { return 0; }

#endif

LaunchGraphs::LaunchGraphs() : state_(std::make_unique<State>()) {}

LaunchGraphs::~LaunchGraphs() = default;

}  // namespace erprm
