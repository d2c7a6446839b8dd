// What the numbers of a matrix are, where a launcher takes more than one type behind a void*.
#pragma once

#include <cstdint>

namespace erprm::cuda {

enum class Element : int32_t { kF32, kBF16 };

}  // namespace erprm::cuda
