// AMX tiles: how they are cut, and their use by a thread. Included by *_amx.cc files only.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "kernels/kernel_table.h"

namespace erprm::amx {
namespace {

constexpr int kRowBytes = 64;
constexpr int kTile = kTileRows * kTileDepth;  // bf16 numbers in a tile

struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};

  constexpr void set(int tile, int num_rows, int bytes) {
    rows[tile] = static_cast<uint8_t>(num_rows);
    row_bytes[tile] = static_cast<uint16_t>(bytes);
  }
};

constexpr TileConfig whole_tiles() {
  TileConfig config;
  for (int tile = 0; tile < 8; ++tile) config.set(tile, kTileRows, kRowBytes);
  return config;
}

// The tiles of this thread, for as long as a product runs: a thread that keeps them pays at every switch of context.
class UseTiles {
 public:
  explicit UseTiles(const TileConfig& config) { _tile_loadconfig(&config); }
  ~UseTiles() { _tile_release(); }
  UseTiles(const UseTiles&) = delete;
  UseTiles& operator=(const UseTiles&) = delete;
};

}  // namespace
}  // namespace erprm::amx
