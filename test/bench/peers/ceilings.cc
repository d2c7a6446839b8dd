// The most that THREADS of this machine multiply: fused multiply-adds of f32 vectors, products of 8-bit vectors, and
// tiles where there are some. Nothing is read or written, all operands stay in registers. Prints one line of JSON: 10^9
// operations a second.
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#if !defined(__AVX2__) || !defined(__FMA__)
#error "Expected a processor with AVX2 and FMA"
#endif

namespace {

constexpr int kRounds = 7;
constexpr int kChains = 12;  // sums that do not wait for each other
constexpr long kTurns = 20'000'000;

// The compiler may neither leave the loop out nor move a product out of it.
template <class Vector>
void keep(Vector& vector) {
  asm volatile("" : "+x"(vector));
}

#if defined(__AVX512F__)
using Floats = __m512;
Floats add_product(Floats a, Floats b, Floats sum) { return _mm512_fmadd_ps(a, b, sum); }
#else
using Floats = __m256;
Floats add_product(Floats a, Floats b, Floats sum) { return _mm256_fmadd_ps(a, b, sum); }
#endif

#if defined(__AVX512VNNI__)
using Bytes = __m512i;
Bytes add_products(Bytes a, Bytes b, Bytes sum) { return _mm512_dpbusd_epi32(sum, a, b); }
#elif defined(__AVXVNNI__)
using Bytes = __m256i;
Bytes add_products(Bytes a, Bytes b, Bytes sum) { return _mm256_dpbusd_avx_epi32(sum, a, b); }
#else
using Bytes = __m256i;
Bytes add_products(Bytes a, Bytes b, Bytes sum) {
  const __m256i pairs = _mm256_maddubs_epi16(a, b);
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
#endif

template <class Vector, class Operation>
void turn(long turns, Operation operation) {
  Vector a{}, b{}, sums[kChains]{};
  for (Vector& sum : sums) keep(sum);  // or all chains would be one
  keep(b);
  for (long i = 0; i < turns; ++i) {
#pragma GCC unroll 12
    for (int c = 0; c < kChains; ++c) {
      keep(a);
      sums[c] = operation(a, b, sums[c]);
    }
  }
  for (Vector& sum : sums) keep(sum);
}

void turn_floats() { turn<Floats>(kTurns, add_product); }
void turn_bytes() { turn<Bytes>(kTurns, add_products); }

// Seconds of the best round in which all threads worked at once.
double seconds_of(int threads, void (*work)()) {
  using Clock = std::chrono::steady_clock;
  double best = 1e30;
  Clock::time_point start;
  std::barrier begin(threads, [&]() noexcept { start = Clock::now(); });
  std::barrier end(
      threads, [&]() noexcept { best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count()); });
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        begin.arrive_and_wait();
        work();
        end.arrive_and_wait();
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  return best;
}

template <class Vector>
double rate(int threads, int bytes_of_element, void (*work)()) {
  const double operations = 2.0 * sizeof(Vector) / bytes_of_element * kChains * kTurns * threads;
  return operations / seconds_of(threads, work) / 1e9;
}

#if defined(__AMX_INT8__) && defined(__AMX_BF16__)
constexpr long kTileTurns = 3'000'000;
constexpr int kTileSums = 4;
constexpr double kTilePlaces = 16.0 * 16.0 * 64.0;  // outputs times bytes of a row

bool may_use_tiles() {
  constexpr int kRequest = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequest, kTileData) == 0;
}

void configure_tiles() {
  struct alignas(64) {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t bytes_of_row[16] = {};
    uint8_t rows[16] = {};
  } config;
  for (int tile = 0; tile < 8; ++tile) {
    config.bytes_of_row[tile] = 64;
    config.rows[tile] = 16;
  }
  asm volatile("" : : "r"(&config) : "memory");  // GCC 12 believes that only eight bytes of it are read
  _tile_loadconfig(&config);
}

void turn_int8_tiles() {
  configure_tiles();
  for (long i = 0; i < kTileTurns; ++i) {
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
  }
  _tile_release();
}

void turn_bf16_tiles() {
  configure_tiles();
  for (long i = 0; i < kTileTurns; ++i) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_release();
}

double tile_rate(int threads, int bytes_of_element, void (*work)()) {
  const double operations = 2.0 * kTilePlaces / bytes_of_element * kTileSums * kTileTurns * threads;
  return operations / seconds_of(threads, work) / 1e9;
}

void print_tiles(int threads) {
  if (!may_use_tiles()) return;
  std::printf(", \"int8Tiles\": %.1f, \"bf16Tiles\": %.1f", tile_rate(threads, 1, turn_int8_tiles),
              tile_rate(threads, 2, turn_bf16_tiles));
}
#else
void print_tiles(int) {}
#endif

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::max(1, std::atoi(argv[1])) : 1;
  std::printf("{\"f32\": %.1f, \"int8\": %.1f", rate<Floats>(threads, 4, turn_floats),
              rate<Bytes>(threads, 1, turn_bytes));
  print_tiles(threads);
  std::printf("}\n");
  return 0;
}
