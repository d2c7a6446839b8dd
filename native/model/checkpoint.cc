#include "model/checkpoint.h"

#include <limits>
#include <utility>

#include "core/error.h"

namespace erprm {
namespace {

[[noreturn]] void fail(const TensorEntry& tensor, const std::string& message, std::vector<ErrorDetail> details = {}) {
  details.insert(details.begin(), {"tensor", tensor.name});
  throw Error(ErrorCode::INVALID_CHECKPOINT, message, std::move(details));
}

std::string show_shape(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += concat(i == 0 ? "" : ", ", shape[i]);
  return text + "]";
}

// The numbers of a tensor that may be interleaved: rows of a matrix, elements of a vector.
int64_t num_interleavable(const TensorEntry& tensor) {
  return tensor.shape.size() <= 1 ? tensor.width() : tensor.num_rows();
}

// Where number `index` of the half-split order is stored: the halves of a head alternate there.
int64_t stored_index(int64_t index, int64_t head_size) {
  const int64_t half = head_size / 2;
  const int64_t within = index % head_size;
  return index - within + (within < half ? 2 * within : 2 * (within - half) + 1);
}

// Refuses shapes whose size in bytes overflows, before anything is multiplied without a look.
void check_shape(const TensorEntry& tensor) {
  int64_t count = 1;
  for (const int64_t size : tensor.shape) {
    const bool fits = size > 0 && count <= std::numeric_limits<int64_t>::max() / 8 / size;
    if (!fits) {
      fail(tensor, concat("Expected tensor ", tensor.name, " to have a shape of positive sizes that fits in memory, ",
                          "received ", show_shape(tensor.shape)));
    }
    count *= size;
  }
}

void check_entry(const TensorEntry& tensor, const std::vector<MappedFile>& files) {
  check_shape(tensor);
  const TensorTypeInfo& type = info_of(tensor.type);
  if (tensor.width() % type.block_weights != 0) {
    fail(tensor, concat("Expected the rows of tensor ", tensor.name, " (", type.name, ") to be a multiple of ",
                        type.block_weights, " numbers, received ", tensor.width()));
  }
  const int64_t heads = tensor.interleaved_heads;
  if (heads < 0 || (heads > 0 && num_interleavable(tensor) % (2 * heads) != 0)) {
    fail(tensor, concat("Expected the ", num_interleavable(tensor), " rows of tensor ", tensor.name,
                        " to be heads of an even size, received ", heads, " heads"));
  }
  if (tensor.file < 0 || tensor.file >= static_cast<int>(files.size())) {
    fail(tensor, concat("Expected tensor ", tensor.name, " to lie in one of ", files.size(), " files, received number ",
                        tensor.file));
  }
  const MappedFile& file = files[tensor.file];
  const uint64_t bytes = static_cast<uint64_t>(row_bytes(tensor.type, tensor.width()) * tensor.num_rows());
  if (tensor.offset > file.size() || bytes > file.size() - tensor.offset) {
    fail(tensor,
         concat("Expected tensor ", tensor.name, " to be ", bytes, " bytes from byte ", tensor.offset, " of ",
                file.path(), ", but the file ends at byte ", file.size(), ": it was cut short"),
         {{"file", file.path()}, {"fileBytes", file.size()}, {"offset", tensor.offset}, {"tensorBytes", bytes}});
  }
}

}  // namespace

int64_t TensorEntry::num_rows() const {
  int64_t rows = 1;
  for (size_t i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
  return rows;
}

Checkpoint::Checkpoint(const std::vector<std::string>& files, std::vector<TensorEntry> tensors)
    : tensors_(std::move(tensors)) {
  files_.reserve(files.size());
  for (const std::string& file : files) files_.emplace_back(file);
  for (const TensorEntry& tensor : tensors_) {
    check_entry(tensor, files_);
    if (!by_name_.emplace(tensor.name, &tensor).second) {
      fail(tensor, concat("Expected tensor ", tensor.name, " to be listed once, received it twice"));
    }
  }
}

const TensorEntry* Checkpoint::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

const TensorEntry& Checkpoint::require_tensor(std::string_view name) const {
  const TensorEntry* tensor = find(name);
  if (tensor == nullptr) {
    throw Error(ErrorCode::INVALID_CHECKPOINT, concat("Expected the checkpoint to hold tensor ", name, ", found none"),
                {{"tensor", name}});
  }
  return *tensor;
}

void Checkpoint::require_shape(std::string_view name, const std::vector<int64_t>& shape) const {
  const TensorEntry& tensor = require_tensor(name);
  if (tensor.shape != shape) {
    const std::string expected = show_shape(shape), found = show_shape(tensor.shape);
    fail(tensor, concat("Expected tensor ", name, " to have shape ", expected, ", found ", found),
         {{"expectedShape", expected}, {"foundShape", found}});
  }
}

void Checkpoint::read_rows(std::string_view name, int64_t begin, int64_t end, float* out) const {
  const TensorEntry& tensor = require_tensor(name);
  require(0 <= begin && begin <= end && end <= tensor.num_rows(), ErrorCode::INTERNAL, "Expected rows of tensor ", name,
          " within 0 to ", tensor.num_rows(), ", received ", begin, " to ", end);
  for (int64_t row = begin; row < end; ++row) read_row(tensor, row, out + (row - begin) * tensor.width());
}

void Checkpoint::read_row(const TensorEntry& tensor, int64_t row, float* out) const {
  const MappedFile& file = files_[tensor.file];
  const bool is_vector = tensor.shape.size() <= 1;
  const int64_t heads = tensor.interleaved_heads;
  const int64_t stored_row = heads > 0 && !is_vector ? stored_index(row, tensor.num_rows() / heads) : row;
  const int64_t bytes = row_bytes(tensor.type, tensor.width());
  const uint64_t begin = tensor.offset + static_cast<uint64_t>(stored_row * bytes);
  if (heads > 0 && is_vector) {
    std::vector<float> stored(static_cast<size_t>(tensor.width()));
    dequantize(tensor.type, file.data() + begin, tensor.width(), stored.data());
    for (int64_t i = 0; i < tensor.width(); ++i) out[i] = stored[stored_index(i, tensor.width() / heads)];
  } else {
    dequantize(tensor.type, file.data() + begin, tensor.width(), out);
  }
  file.leave_behind(begin, begin + static_cast<uint64_t>(bytes));
}

}  // namespace erprm
