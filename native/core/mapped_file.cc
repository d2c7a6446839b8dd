#include "core/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "core/error.h"

namespace erprm {
namespace {

constexpr uint64_t kWindowBytes = uint64_t{1} << 20;  // a multiple of every page size in use

[[noreturn]] void fail(const std::string& path, int error_number) {
  const bool absent = error_number == ENOENT || error_number == ENOTDIR;
  throw Error(absent ? ErrorCode::NOT_FOUND : ErrorCode::IO,
              concat("Expected ", path, " to be a readable file: ", std::system_category().message(error_number)),
              {{"path", path}});
}

struct Descriptor {
  int number;
  ~Descriptor() { close(number); }
};

}  // namespace

MappedFile::MappedFile(const std::string& path) : path_(path) {
  if (path.find('\0') != std::string::npos) fail(path, EINVAL);
  const int opened = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0) fail(path, errno);
  const Descriptor descriptor{opened};
  struct stat status {};
  if (fstat(descriptor.number, &status) != 0) fail(path, errno);
  if (S_ISDIR(status.st_mode)) fail(path, EISDIR);
  size_ = static_cast<uint64_t>(status.st_size);
  if (size_ == 0) return;  // an empty mapping is an error to mmap
  void* mapped = mmap(nullptr, size_, PROT_READ, MAP_SHARED, descriptor.number, 0);
  if (mapped == MAP_FAILED) fail(path, errno);
  data_ = static_cast<const uint8_t*>(mapped);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<uint8_t*>(data_), size_);
}

void MappedFile::leave_behind(uint64_t begin, uint64_t end) const {
  const uint64_t first = begin / kWindowBytes * kWindowBytes;
  const uint64_t last = end / kWindowBytes * kWindowBytes;
  // Only advice: if the system does not take it, more memory stays in use and nothing else changes.
  if (first < last) madvise(const_cast<uint8_t*>(data_) + first, last - first, MADV_DONTNEED);
}

}  // namespace erprm
