// What engines and scorers do once their device failed, with ones whose device fails when the test says so.
#include "ops/device_fault.h"

#include <c10/util/Exception.h>

#include <string>

#include "core/error.h"
#include "core/testing.h"
#include "engine/engine.h"
#include "engine/scorer.h"
#include "model/kv_cache.h"
#include "model/random_checkpoint.h"

namespace {

using namespace erprm;

struct Device {
  std::exception_ptr error;  // what its work throws
  bool works = true;
  int num_freed = 0;
};

std::exception_ptr error_of(ErrorCode code) { return std::make_exception_ptr(Error(code, "it broke")); }

class FailingEngine : public Engine {
 public:
  explicit FailingEngine(Device& device)
      : Engine(testing::random_config(), {4, 64, 300},
               std::make_unique<KvBlockPool>(testing::random_config(), int64_t{4} << 20),
               std::make_shared<EngineStats>()),
        device_(device) {}
  ~FailingEngine() override { ++device_.num_freed; }

  bool device_works() const noexcept override { return device_.works; }

 private:
  void iterate() override { std::rethrow_exception(device_.error); }
  void compute_logits(const std::vector<int32_t>&, const Visit&) override { std::rethrow_exception(device_.error); }

  Device& device_;
};

// The error of a request for two completions; empty while it runs.
std::string submit(Engine& engine, std::string& error) {
  auto request = std::make_shared<RolloutRequest>();
  request->trunk = {1, 2, 3};
  request->groups = {{3, 2, 0, 0, 0}};
  request->sampling = {1.0f, 0, 1.0f, 0.0f};
  request->max_tokens = 5;
  request->on_fail = [&error](std::exception_ptr thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& failure) {
      error = failure.what();
    }
  };
  engine.submit(request);
  return error;
}

class FailingScorer : public Scorer {
 public:
  FailingScorer(const ModelConfig& config, ScoreHead head, Device& device)
      : Scorer(std::move(head)), config_(config), device_(device) {}

 private:
  const ModelConfig& config() const override { return config_; }
  void compute(const std::vector<WantedSequence>&, std::vector<float>&) override {
    std::rethrow_exception(device_.error);
  }

  const ModelConfig config_;
  Device& device_;
};

}  // namespace

TEST("an engine whose device failed refuses further requests in the words of the failure") {
  for (const bool torch : {false, true}) {
    Device device{error_of(ErrorCode::DEVICE_FAULT)};
    if (torch) {
      const c10::SourceLocation here{"here", "device_fault_test", 1};
      device.error = std::make_exception_ptr(c10::AcceleratorError(here, 700, "it broke\nand more"));
    }
    FailingEngine engine(device);
    std::string error;
    submit(engine, error);
    CHECK(error.empty());
    CHECK(!engine.run_iteration());
    CHECK(error.find("it broke") == 0);
    CHECK_THROWS(submit(engine, error), "failed before; only a new process can use it again. The failure: it broke");
    CHECK_THROWS(engine.visit_logits({1}, [](int64_t, const float*) {}), "failed before");
  }
}

TEST("an engine that failed in any other way takes the next request") {
  Device device{error_of(ErrorCode::OUT_OF_MEMORY)};
  FailingEngine engine(device);
  std::string error;
  submit(engine, error);
  engine.run_iteration();
  CHECK(error.find("it broke") == 0);
  CHECK_THROWS(engine.visit_logits({1}, [](int64_t, const float*) {}), "it broke");
  error.clear();
  submit(engine, error);
  engine.run_iteration();
  CHECK(error.find("it broke") == 0);
}

TEST("an engine is freed where its device works, and left alone where it failed") {
  Device device;
  free_engine(std::make_unique<FailingEngine>(device));
  CHECK(device.num_freed == 1);
  device.works = false;
  auto engine = std::make_unique<FailingEngine>(device);
  Engine* left = engine.get();
  free_engine(std::move(engine));
  CHECK(device.num_freed == 1);
  delete left;
  free_engine(nullptr);
}

TEST("a scorer whose device failed refuses further work, and one whose memory ran out does not") {
  const ModelConfig config = testing::random_config();
  const testing::RandomCheckpoint checkpoint(config);
  Device device{error_of(ErrorCode::OUT_OF_MEMORY)};
  const std::vector<int32_t> candidates = {3, 4};
  FailingScorer scorer(config, ScoreHead::candidates(config, *checkpoint.get(), candidates), device);
  const ScoreRequest request{{1, 2, 3}, {0, 3}, {2}};
  CHECK_THROWS(scorer.score(request), "it broke");
  device.error = error_of(ErrorCode::DEVICE_FAULT);
  CHECK_THROWS(scorer.score(request), "it broke");
  CHECK_THROWS(scorer.score(request), "failed before");
}
