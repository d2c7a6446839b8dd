#include "model/checkpoint.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/testing.h"

using erprm::Checkpoint;
using erprm::TensorEntry;
using erprm::TensorType;

namespace {

// A file of `count` floats 0, 1, 2, ..., removed with the object.
class CountingFile {
 public:
  explicit CountingFile(int64_t count) {
    char name[] = "/tmp/erprm-checkpoint-XXXXXX";
    close(mkstemp(name));
    path_ = name;
    std::vector<float> numbers(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) numbers[i] = static_cast<float>(i);
    std::ofstream(path_, std::ios::binary).write(reinterpret_cast<const char*>(numbers.data()), count * 4);
  }
  ~CountingFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TensorEntry entry(std::string name, std::vector<int64_t> shape, uint64_t offset = 0) {
  return {std::move(name), TensorType::kF32, std::move(shape), 0, offset, 0};
}

// Kilobytes of the file's mapping that are in this process's memory.
int64_t resident_kilobytes(const std::string& path) {
  std::ifstream maps("/proc/self/smaps");
  int64_t total = 0;
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.find('-') < line.find(' ')) inside = line.find(path) != std::string::npos;
    if (inside && line.starts_with("Rss:")) total += std::stoll(line.substr(4));
  }
  return total;
}

}  // namespace

TEST("a tensor is found by name, with its shape and its rows") {
  const CountingFile file(24);
  const Checkpoint checkpoint({file.path()}, {entry("a", {2, 4}), entry("b", {4, 4}, 32)});
  CHECK(checkpoint.find("a")->num_rows() == 2);
  CHECK(checkpoint.find("c") == nullptr);
  float rows[8];
  checkpoint.read_rows("b", 1, 3, rows);
  for (int i = 0; i < 8; ++i) CHECK(rows[i] == 12 + i);
}

TEST("a missing and a misshapen tensor are errors that name it and both shapes") {
  const CountingFile file(8);
  const Checkpoint checkpoint({file.path()}, {entry("model.norm.weight", {2, 4})});
  checkpoint.require_shape("model.norm.weight", {2, 4});
  CHECK_THROWS(checkpoint.require_shape("model.norm.weight", {8}),
               "tensor model.norm.weight to have shape [8], found [2, 4]");
  CHECK_THROWS(checkpoint.require_shape("lm_head.weight", {8}), "to hold tensor lm_head.weight, found none");
  CHECK_THROWS(checkpoint.read_rows("model.norm.weight", 0, 3, nullptr), "within 0 to 2, received 0 to 3");
}

TEST("a tensor listed twice, or in a file that is not there, is refused by name") {
  const CountingFile file(8);
  CHECK_THROWS(Checkpoint({file.path()}, {entry("a", {4}), entry("a", {4})}), "tensor a to be listed once");
  TensorEntry elsewhere = entry("a", {4});
  elsewhere.file = 1;
  CHECK_THROWS(Checkpoint({file.path()}, {elsewhere}), "tensor a to lie in one of 1 files, received number 1");
  CHECK_THROWS(Checkpoint({file.path()}, {entry("a", {9})}), "tensor a to be 36 bytes from byte 0");
}

TEST("rows read in order do not stay in the process's memory") {
  constexpr int64_t kRows = 4096, kWidth = 1024;  // 16 MiB
  const CountingFile file(kRows * kWidth);
  const Checkpoint checkpoint({file.path()}, {entry("a", {kRows, kWidth})});
  std::vector<float> row(kWidth);
  int64_t most = 0;
  for (int64_t r = 0; r < kRows; ++r) {
    checkpoint.read_rows("a", r, r + 1, row.data());
    CHECK(row[1] == static_cast<float>(r * kWidth + 1));
    if (r % 256 == 255) most = std::max(most, resident_kilobytes(file.path()));
  }
  CHECK(most <= 3 * 1024);
  checkpoint.read_rows("a", 0, 1, row.data());
  CHECK(row[1] == 1);
}
