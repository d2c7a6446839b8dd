// mapped_file: a file read through memory. Pages come from disk when they are touched and belong to the page cache, so
// mapping a model costs no memory of its own. The file must not shrink while it is mapped.
#pragma once

#include <cstdint>
#include <string>

namespace erprm {

class MappedFile {
 public:
  // Throws NOT_FOUND when there is no such file, IO when it is none or cannot be read; both name the path.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& path() const { return path_; }
  const uint8_t* data() const { return data_; }
  uint64_t size() const { return size_; }

  // A reader has moved from byte `begin` to byte `end`: takes the windows it has left behind out of the process's
  // memory. Whoever reads them again gets them from the page cache. Any thread.
  void leave_behind(uint64_t begin, uint64_t end) const;

 private:
  std::string path_;
  const uint8_t* data_ = nullptr;
  uint64_t size_ = 0;
};

}  // namespace erprm
