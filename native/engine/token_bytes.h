// The bytes of every token, against which stop strings are matched, and the matcher of one completion.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/ragged.h"

namespace erprm {

using TokenBytes = Ragged<uint8_t>;

// Says whether a completion's bytes, token by token, have come to contain one of the stop strings.
class StopMatcher {
 public:
  // Feeds one token's bytes; true when a stop string ends inside them.
  bool feed(std::span<const uint8_t> bytes, const std::vector<std::vector<uint8_t>>& stop_strings);

 private:
  std::vector<uint8_t> tail_;  // the last bytes that a stop string may have begun in
};

}  // namespace erprm
