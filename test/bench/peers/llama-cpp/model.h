// A model of llama.cpp on the CPU, a context of it, and one batch that is filled and computed.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "llama.h"

namespace peer {

inline constexpr int kBatchTokens = 2048;

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    free(pointer);
  }
};
using ModelPointer = std::unique_ptr<llama_model, Freed<llama_model_free>>;
using ContextPointer = std::unique_ptr<llama_context, Freed<llama_free>>;

inline ModelPointer load_model(const std::string& path) {
  llama_model_params params = llama_model_default_params();
  params.n_gpu_layers = 0;
  ModelPointer model(llama_model_load_from_file(path.c_str(), params));
  if (!model) throw std::runtime_error("Expected a model that llama.cpp can load, received " + path);
  return model;
}

inline int vocabulary_of(const llama_model& model) { return llama_vocab_n_tokens(llama_model_get_vocab(&model)); }

struct ContextSize {
  int sequences;
  int tokens_each;
  bool unified;
  // Of all sequences; each one's share of it where they are not unified.
  int tokens() const { return sequences * padded(tokens_each); }
  static int padded(int tokens) { return (tokens + 255) / 256 * 256; }
};

inline ContextPointer make_context(llama_model& model, ContextSize size, int tokens, int threads) {
  llama_context_params params = llama_context_default_params();
  params.n_ctx = size.unified ? ContextSize::padded(tokens) : size.tokens();
  params.n_batch = kBatchTokens;
  params.n_seq_max = size.sequences;
  params.n_threads = params.n_threads_batch = threads;
  params.kv_unified = size.unified;
  params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED;
  ContextPointer context(llama_init_from_model(&model, params));
  if (!context) throw std::runtime_error("llama.cpp gave no context of " + std::to_string(params.n_ctx) + " tokens");
  return context;
}

// Threads that stay between computations, as llama.cpp's own programs keep them; lives as long as the process.
inline void attach_threads(llama_context& context, int threads) {
  ggml_backend_reg_t cpu = ggml_backend_dev_backend_reg(ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU));
  auto* make =
      reinterpret_cast<decltype(ggml_threadpool_new)*>(ggml_backend_reg_get_proc_address(cpu, "ggml_threadpool_new"));
  if (!make) throw std::runtime_error("Expected ggml_threadpool_new in the CPU backend, found none");
  ggml_threadpool_params params = ggml_threadpool_params_default(threads);
  ggml_threadpool* pool = make(&params);
  llama_attach_threadpool(&context, pool, pool);
}

class Batch {
 public:
  explicit Batch(llama_context& context) : context_(context), batch_(llama_batch_init(kBatchTokens, 0, 1)) {}
  ~Batch() { llama_batch_free(batch_); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  bool full() const { return batch_.n_tokens == kBatchTokens; }
  int size() const { return batch_.n_tokens; }

  void add(llama_token token, int position, int sequence, bool wants_logits) {
    const int at = batch_.n_tokens++;
    batch_.token[at] = token;
    batch_.pos[at] = position;
    batch_.n_seq_id[at] = 1;
    batch_.seq_id[at][0] = sequence;
    batch_.logits[at] = wants_logits;
  }

  // Logits of the tokens that wanted them are then there, by their place in the batch, until the next call.
  void compute() {
    if (batch_.n_tokens == 0) return;
    const int status = llama_decode(&context_, batch_);
    if (status != 0) throw std::runtime_error("llama_decode gave " + std::to_string(status));
    llama_synchronize(&context_);
    batch_.n_tokens = 0;
  }

  const float* logits(int place) const { return llama_get_logits_ith(&context_, place); }

 private:
  llama_context& context_;
  llama_batch batch_;
};

// Everything that a first computation sets up.
inline void warm_up(llama_context& context) {
  Batch batch(context);
  batch.add(1, 0, 0, true);
  batch.compute();
  llama_memory_clear(llama_get_memory(&context), false);
}

}  // namespace peer
