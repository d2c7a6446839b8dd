#include "ops/token_places.h"

#include <algorithm>
#include <numeric>

#include "ops/upload.h"

namespace erprm {

HostTokenPlaces find_token_places(std::span<const int32_t> tokens) {
  HostTokenPlaces found;
  found.places.resize(tokens.size());
  std::iota(found.places.begin(), found.places.end(), 0);
  std::stable_sort(found.places.begin(), found.places.end(),
                   [&](int32_t a, int32_t b) { return tokens[a] < tokens[b]; });
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (i == 0 || tokens[found.places[i]] != tokens[found.places[i - 1]]) {
      found.starts.push_back(static_cast<int32_t>(i));
    }
  }
  found.starts.push_back(static_cast<int32_t>(tokens.size()));
  return found;
}

TokenPlaces place_tokens(std::span<const int32_t> tokens, at::Device device) {
  const HostTokenPlaces found = find_token_places(tokens);
  return {upload(found.places, device), upload(found.starts, device)};
}

}  // namespace erprm
