// The workload as the benchmark writes it (workload.ts).
#pragma once

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace peer {

struct Trunk {
  std::vector<int> tokens;
  std::vector<int> prefix_lengths;
  int completions;  // of each prefix
};

struct Workload {
  std::vector<Trunk> trunks;
  int tokens;  // of a completion, at most
  std::vector<int> end_tokens;
  int threads;

  int longest_trunk() const {
    size_t longest = 0;
    for (const Trunk& trunk : trunks) longest = std::max(longest, trunk.tokens.size());
    return static_cast<int>(longest);
  }
  bool ends_with(int token) const { return std::find(end_tokens.begin(), end_tokens.end(), token) != end_tokens.end(); }
};

inline nlohmann::json read_json(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("Expected a file at " + path);
  return nlohmann::json::parse(file);
}

inline Workload read_workload(const std::string& path) {
  const nlohmann::json json = read_json(path);
  Workload workload{{}, json.at("numTokens"), json.at("endTokens"), json.at("threads")};
  for (const nlohmann::json& trunk : json.at("trunks")) {
    workload.trunks.push_back({trunk.at("tokens"), trunk.at("prefixLengths"), trunk.at("numCompletions")});
  }
  return workload;
}

}  // namespace peer
