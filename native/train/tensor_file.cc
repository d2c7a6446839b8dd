#include "train/tensor_file.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "ops/matrix_product.h"

namespace erprm {
namespace {

constexpr std::string_view kFirst = "first_moment.", kSecond = "second_moment.";

// A file descriptor, closed at the end.
class OpenFile {
 public:
  OpenFile(const std::string& path, int flags) : path_(path), descriptor_(::open(path.c_str(), flags | O_CLOEXEC)) {
    if (descriptor_ < 0) fail(errno == ENOENT ? ErrorCode::NOT_FOUND : ErrorCode::IO, "be opened");
  }
  ~OpenFile() { ::close(descriptor_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  void write(const char* data, size_t size, uint64_t offset) const {
    while (size > 0) {
      const ssize_t done = ::pwrite(descriptor_, data, size, static_cast<off_t>(offset));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) fail(ErrorCode::IO, "be written");
      advance(data, size, offset, done);
    }
  }

  void read(char* data, size_t size, uint64_t offset) const {
    while (size > 0) {
      const ssize_t done = ::pread(descriptor_, data, size, static_cast<off_t>(offset));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) fail(ErrorCode::IO, "be read");
      if (done == 0) {
        throw Error(ErrorCode::IO, concat("Expected ", path_, " to have at least ", offset + size, " bytes"),
                    {{"path", path_}});
      }
      advance(data, size, offset, done);
    }
  }

 private:
  template <typename Data>
  static void advance(Data*& data, size_t& size, uint64_t& offset, ssize_t done) {
    data += done;
    size -= static_cast<size_t>(done);
    offset += static_cast<uint64_t>(done);
  }

  [[noreturn]] void fail(ErrorCode code, const char* what) const {
    throw Error(code, concat("Expected ", path_, " to ", what, ": ", std::strerror(errno)), {{"path", path_}});
  }

  const std::string path_;
  const int descriptor_;
};

at::ScalarType scalar_type(StoredType type) {
  switch (type) {
    case StoredType::kBF16:
      return at::kBFloat16;
    case StoredType::kF16:
      return at::kHalf;
    case StoredType::kF32:
      break;
  }
  return at::kFloat;
}

// W + scale B A
at::Tensor merged_weight(const Parameters& parameters, const std::string& name) {
  const at::Tensor& weight = parameters.named(name)->value;
  const Adapter* adapter = parameters.adapter_of(name);
  if (adapter == nullptr) return weight;
  const at::Tensor sum = weight.clone();
  product_nn(adapter->b->value.mul(adapter->scale), adapter->a->value, sum, true);
  return sum;
}

}  // namespace

const at::Tensor& tensor_of(const Parameters& parameters, const std::string& name) {
  const bool first = name.starts_with(kFirst), second = name.starts_with(kSecond);
  if (!first && !second) return parameters.named(name)->value;
  const ParameterPointer& parameter = parameters.named(name.substr(first ? kFirst.size() : kSecond.size()));
  require(parameter->trained(), ErrorCode::INVALID_ARGUMENT,
          "Expected the name of a trained tensor's moment, received ", name);
  return first ? parameter->first_moment : parameter->second_moment;
}

void write_tensors(const Parameters& parameters, const std::string& path, const std::vector<TensorSlot>& slots) {
  const OpenFile file(path, O_WRONLY);
  for (const TensorSlot& slot : slots) {
    const at::Tensor numbers = slot.merged ? merged_weight(parameters, slot.name) : tensor_of(parameters, slot.name);
    const at::Tensor stored = numbers.to(at::kCPU, scalar_type(slot.type)).contiguous();
    if (!at::isfinite(stored).all().item<bool>()) {
      throw Error(ErrorCode::NUMERICAL,
                  concat("Expected tensor ", slot.name, " to hold finite numbers when it is saved"),
                  {{"what", "weights"}, {"tensor", slot.name}});
    }
    file.write(static_cast<const char*>(stored.const_data_ptr()), stored.nbytes(), slot.offset);
  }
}

void read_tensors(const Parameters& parameters, const std::string& path, const std::vector<TensorSlot>& slots) {
  const OpenFile file(path, O_RDONLY);
  for (const TensorSlot& slot : slots) {
    require(slot.type == StoredType::kF32 && !slot.merged, ErrorCode::INVALID_ARGUMENT,
            "Expected slots that are read to be F32 and not merged, received another for ", slot.name);
    const at::Tensor& target = tensor_of(parameters, slot.name);
    const at::Tensor numbers = at::empty(target.sizes(), at::kFloat);
    file.read(static_cast<char*>(numbers.mutable_data_ptr()), numbers.nbytes(), slot.offset);
    if (!at::isfinite(numbers).all().item<bool>()) {
      throw Error(ErrorCode::INVALID_CHECKPOINT,
                  concat("Expected tensor ", slot.name, " of ", path, " to hold finite numbers"),
                  {{"tensor", slot.name}, {"path", path}});
    }
    target.copy_(numbers);
  }
  for (const ParameterPointer& parameter : parameters.all()) parameter->renew_factor();
}

}  // namespace erprm
