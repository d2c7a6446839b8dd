// The program erprm_kernel_bench: DEVICE [--toy] [NAME...]. One line of JSON a result (bench/context.h).
#include <cstdio>
#include <cstring>
#include <exception>
#include <set>
#include <string>

#include "bench/context.h"

int main(int argc, char** argv) {
  using namespace erprm;
  if (argc < 2) {
    std::fprintf(stderr, "Usage: erprm_kernel_bench DEVICE [--toy] [NAME...]\nBenchmarks:");
    for (const bench::Bench& one : bench::benches()) std::fprintf(stderr, " %s", one.name);
    std::fprintf(stderr, "\n");
    return 2;
  }
  bool toy = false;
  std::set<std::string> wanted;
  for (int i = 2; i < argc; ++i) {
    if (std::strcmp(argv[i], "--toy") == 0) {
      toy = true;
    } else {
      wanted.insert(argv[i]);
    }
  }
  int failed = 0;
  for (const bench::Bench& one : bench::benches()) {
    if (!wanted.empty() && !wanted.contains(one.name)) continue;
    try {
      const DeviceChoice choice = choose_device("DEVICE", argv[1]);
      const Emulated scope(choice.emulated);
      bench::Context context(choice, toy);
      context.bench = one.name;
      one.run(context);
    } catch (const std::exception& error) {
      ++failed;
      std::fprintf(stderr, "%s: %s\n", one.name, error.what());
    }
  }
  return failed == 0 ? 0 : 1;
}
