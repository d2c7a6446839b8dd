// LaunchGraphs: a sequence of kernel launches as a CUDA graph, so that queueing hundreds of them costs the host one
// call.
//
// The launches of a key must be the same every time: same kernels, same sizes, same addresses. Without CUDA (emulated
// kernels), and where the environment says ERPRM_NO_GRAPHS=1 when this is made, they simply run.
// Thread: device thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace erprm {

class LaunchGraphs {
 public:
  LaunchGraphs();
  ~LaunchGraphs();
  LaunchGraphs(const LaunchGraphs&) = delete;
  LaunchGraphs& operator=(const LaunchGraphs&) = delete;

  // Queues what `launches` queues on the stream in use, `times` times over. A key's first time runs as it is, which
  // lets libraries allocate what they need; from then on it is a graph, unless a capture has ever failed.
  void run(int64_t key, int times, const std::function<void()>& launches);

  // Forgets all graphs: an address changed.
  void clear();

  // How many there are.
  int64_t num_graphs() const;

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace erprm
