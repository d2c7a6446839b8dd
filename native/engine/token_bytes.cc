#include "engine/token_bytes.h"

#include <algorithm>

namespace erprm {

bool StopMatcher::feed(std::span<const uint8_t> bytes, const std::vector<std::vector<uint8_t>>& stop_strings) {
  if (stop_strings.empty()) return false;
  tail_.insert(tail_.end(), bytes.begin(), bytes.end());
  size_t longest = 0;
  for (const std::vector<uint8_t>& stop : stop_strings) {
    if (std::search(tail_.begin(), tail_.end(), stop.begin(), stop.end()) != tail_.end()) return true;
    longest = std::max(longest, stop.size());
  }
  if (tail_.size() >= longest) tail_.erase(tail_.begin(), tail_.end() - static_cast<int64_t>(longest - 1));
  return false;
}

}  // namespace erprm
