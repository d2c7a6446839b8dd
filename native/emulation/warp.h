// warp: CUDA's barriers, votes and shuffles.
//
// A shuffle from a lane outside the mask, undefined on a card, is an error here.
#pragma once

#include <bit>

#include "emulation/block.h"

#define ERPRM_HERE ::erprm::emulation::Place place = ::erprm::emulation::Place::current()

inline void __syncthreads(ERPRM_HERE) { erprm::emulation::block_barrier(0, place); }
inline int __syncthreads_count(int vote, ERPRM_HERE) { return erprm::emulation::block_barrier(vote, place).count; }
inline int __syncthreads_or(int vote, ERPRM_HERE) { return erprm::emulation::block_barrier(vote, place).any; }
inline int __syncthreads_and(int vote, ERPRM_HERE) { return erprm::emulation::block_barrier(vote, place).all; }

namespace erprm::emulation {

struct Ballot {
  bool vote;
  unsigned mask, yes;
};

inline unsigned ballot(unsigned mask, bool vote, const Place& place) {
  Ballot mine{vote, mask, 0};
  const auto action = [](void* const parts[kLanes]) {
    unsigned yes = 0;
    for (int lane = 0; lane < kLanes; ++lane) {
      if (parts[lane] && static_cast<Ballot*>(parts[lane])->vote) yes |= 1u << lane;
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      if (parts[lane]) static_cast<Ballot*>(parts[lane])->yes = yes;
    }
  };
  warp_operation(mask, &mine, action, place);
  return mine.yes;
}

template <typename T>
struct Shuffle {
  T value, result;
  int source;  // a lane
  bool answered;
};

template <typename T>
T shuffle(unsigned mask, T value, int source, const Place& place) {
  static_assert(sizeof(T) <= 8, "CUDA shuffles values of at most 8 bytes");
  Shuffle<T> mine{value, value, source, false};
  const auto action = [](void* const parts[kLanes]) {
    for (int lane = 0; lane < kLanes; ++lane) {
      auto* part = static_cast<Shuffle<T>*>(parts[lane]);
      if (part == nullptr || parts[part->source] == nullptr) continue;
      part->result = static_cast<Shuffle<T>*>(parts[part->source])->value;
      part->answered = true;
    }
  };
  warp_operation(mask, &mine, action, place);
  if (!mine.answered) fail("a shuffle from lane " + std::to_string(source) + ", which takes no part", place);
  return mine.result;
}

// The lane to read: within the lane's own segment of `width` lanes, its own where CUDA says so.
inline int segment_start(int width) { return running->lane & ~(width - 1); }

}  // namespace erprm::emulation

inline void __syncwarp(unsigned mask = 0xFFFFFFFFu, ERPRM_HERE) { erprm::emulation::ballot(mask, false, place); }
inline unsigned __ballot_sync(unsigned mask, int vote, ERPRM_HERE) {
  return erprm::emulation::ballot(mask, vote != 0, place);
}
inline int __any_sync(unsigned mask, int vote, ERPRM_HERE) {
  return erprm::emulation::ballot(mask, vote != 0, place) != 0;
}
inline int __all_sync(unsigned mask, int vote, ERPRM_HERE) {
  return erprm::emulation::ballot(mask, vote != 0, place) == mask;
}

template <typename T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, ERPRM_HERE) {
  return erprm::emulation::shuffle(mask, value, erprm::emulation::segment_start(width) + (source & (width - 1)), place);
}

template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, ERPRM_HERE) {
  const int lane = erprm::emulation::running->lane, source = lane - static_cast<int>(delta);
  return erprm::emulation::shuffle(mask, value, source < erprm::emulation::segment_start(width) ? lane : source, place);
}

template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, ERPRM_HERE) {
  const int lane = erprm::emulation::running->lane, source = lane + static_cast<int>(delta);
  const int end = erprm::emulation::segment_start(width) + width;
  return erprm::emulation::shuffle(mask, value, source >= end ? lane : source, place);
}

template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32, ERPRM_HERE) {
  const int lane = erprm::emulation::running->lane, source = lane ^ lane_mask;
  // A lane may read from earlier segments, not from later ones.
  const int end = erprm::emulation::segment_start(width) + width;
  return erprm::emulation::shuffle(mask, value, source >= end ? lane : source, place);
}

inline unsigned __reduce_add_sync(unsigned mask, unsigned value, ERPRM_HERE) {
  unsigned sum = 0;
  for (unsigned rest = mask; rest != 0; rest &= rest - 1) {
    sum += erprm::emulation::shuffle(mask, value, std::countr_zero(rest), place);
  }
  return sum;
}
