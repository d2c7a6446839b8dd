// WeightRows: the rows of a layer to be packed, in the order of its outputs, read from their sources and checked.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace erprm {

// Rows of one checkpoint tensor that become consecutive outputs of a packed layer (q, k and v make one layer).
struct LinearSource {
  std::string name;
  int64_t rows;
  int64_t padded_rows;                                    // >= rows, a multiple of 16; the rows added are zero
  std::function<void(int64_t row, float* out)> read_row;  // out f32 [inputs]; called from several threads
};

class WeightRows {
 public:
  // `sources` must outlive it.
  WeightRows(const std::vector<LinearSource>& sources, int64_t inputs);

  // Rows [16 panel, 16 panel + 16), f32 [16, inputs]. Any thread. Throws INVALID_CHECKPOINT, naming the tensor, when a
  // weight is not finite.
  void read_panel(int64_t panel, float* out) const;

  int64_t inputs() const { return inputs_; }
  int64_t num_panels() const { return static_cast<int64_t>(origins_.size()) / 16; }

 private:
  struct Origin {
    const LinearSource* source;  // nullptr: a padding row
    int64_t row;
  };

  const int64_t inputs_;
  std::vector<Origin> origins_;
};

}  // namespace erprm
