// llama.cpp through its C API, at its best: prefixes shared, flash attention, threads that stay, a sampler of one pass.
//   LIBRARIES rollout MODEL WORKLOAD.json unified|split SLOTS [MOST]   completions; SLOTS at once; the last MOST of
//   them LIBRARIES log-probabilities MODEL PIECES.json THREADS LIBRARIES quantize MODEL OUT.gguf F16|Q8_0|Q4_0 THREADS
// Prints one line of JSON last.
#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "logits.h"
#include "rollout.h"

namespace peer {

using Arguments = std::vector<std::string>;

nlohmann::json rollout(const Arguments& arguments) {
  const ModelPointer model = load_model(arguments.at(0));
  const Workload workload = read_workload(arguments.at(1));
  const std::string& memory = arguments.at(2);
  if (memory != "unified" && memory != "split") throw std::runtime_error("Expected unified or split, not " + memory);
  const int most = arguments.size() > 4 ? std::stoi(arguments[4]) : 0;
  Rollout rollout(*model, workload, memory == "unified", std::stoi(arguments.at(3)), most);
  const RolloutResult result = rollout.run();
  return {{"seconds", result.seconds},
          {"trunkSeconds", result.trunk_seconds},
          {"completions", result.completions},
          {"tokens", result.tokens}};
}

nlohmann::json log_probabilities_of(const Arguments& arguments) {
  const ModelPointer model = load_model(arguments.at(0));
  const Pieces pieces = read_json(arguments.at(1));
  return {{"logProbabilities", log_probabilities(*model, pieces, std::stoi(arguments.at(2)))}};
}

nlohmann::json logits(const Arguments& arguments) {
  const ModelPointer model = load_model(arguments.at(0));
  const Pieces pieces = read_json(arguments.at(1));
  return {{"tokens", write_logits(*model, pieces, std::stoi(arguments.at(2)), arguments.at(3))}};
}

nlohmann::json quantize(const Arguments& arguments) {
  const std::string& type = arguments.at(2);
  llama_model_quantize_params params = llama_model_quantize_default_params();
  params.nthread = std::stoi(arguments.at(3));
  params.allow_requantize = true;
  if (type == "F16") {
    params.ftype = LLAMA_FTYPE_MOSTLY_F16;
  } else if (type == "Q8_0") {
    params.ftype = LLAMA_FTYPE_MOSTLY_Q8_0;
  } else if (type == "Q4_0") {
    params.ftype = LLAMA_FTYPE_MOSTLY_Q4_0;
  } else {
    throw std::runtime_error("Expected F16, Q8_0 or Q4_0, not " + type);
  }
  if (llama_model_quantize(arguments.at(0).c_str(), arguments.at(1).c_str(), &params) != 0) {
    throw std::runtime_error("llama.cpp did not make " + type + " of " + arguments.at(0));
  }
  return {{"type", type}};
}

nlohmann::json run(const std::string& command, const Arguments& arguments) {
  if (command == "rollout") return rollout(arguments);
  if (command == "log-probabilities") return log_probabilities_of(arguments);
  if (command == "logits") return logits(arguments);
  if (command == "quantize") return quantize(arguments);
  throw std::runtime_error("Expected rollout, log-probabilities, logits or quantize, not " + command);
}

}  // namespace peer

int main(int argc, char** argv) {
  try {
    if (argc < 4) throw std::runtime_error("Expected LIBRARIES COMMAND MODEL ...");
    llama_log_set(
        [](ggml_log_level level, const char* text, void*) {
          if (level >= GGML_LOG_LEVEL_ERROR && level != GGML_LOG_LEVEL_CONT) std::fputs(text, stderr);
        },
        nullptr);
    ggml_backend_load_all_from_path(argv[1]);
    llama_backend_init();
    std::cout << peer::run(argv[2], peer::Arguments(argv + 3, argv + argc)).dump() << std::endl;
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
