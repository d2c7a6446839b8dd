// checkpoint: the tensors of a model where they lie in their files. src/model/ reads the headers and says what is
// where; this maps the files and gives rows as f32, in the order of Hugging Face models.
//
// Constant after construction; any number of threads may read. Rows read in order leave the process's memory again
// behind the reader, so a model that is packed while it is read is in memory once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mapped_file.h"
#include "kernels/dequantize.h"

namespace erprm {

// See src/native/contract.ts, TensorEntry.
struct TensorEntry {
  std::string name;
  TensorType type = TensorType::kF32;
  std::vector<int64_t> shape;  // row-major, outermost first
  int file = 0;
  uint64_t offset = 0;
  int interleaved_heads = 0;

  // A tensor is a list of rows of shape.back() numbers. A vector is one row.
  int64_t width() const { return shape.empty() ? 1 : shape.back(); }
  int64_t num_rows() const;
};

class Checkpoint {
 public:
  // Throws INVALID_CHECKPOINT naming the tensor: one that ends after its file does, is listed twice, has rows that are
  // no whole number of blocks, or heads that do not divide it. NOT_FOUND and IO name the file.
  Checkpoint(const std::vector<std::string>& files, std::vector<TensorEntry> tensors);

  const std::vector<TensorEntry>& tensors() const { return tensors_; }

  // Null when there is none of that name.
  const TensorEntry* find(std::string_view name) const;
  // Throws INVALID_CHECKPOINT when there is none of that name.
  const TensorEntry& require_tensor(std::string_view name) const;
  // Throws INVALID_CHECKPOINT when there is none, or one of another shape.
  void require_shape(std::string_view name, const std::vector<int64_t>& shape) const;

  // out f32 [end - begin, width]. Throws INVALID_CHECKPOINT when there is no such tensor.
  // REQUIRES: 0 <= begin <= end <= num_rows.
  void read_rows(std::string_view name, int64_t begin, int64_t end, float* out) const;

 private:
  void read_row(const TensorEntry& tensor, int64_t row, float* out) const;

  std::vector<MappedFile> files_;
  std::vector<TensorEntry> tensors_;
  std::unordered_map<std::string_view, const TensorEntry*> by_name_;
};

}  // namespace erprm
