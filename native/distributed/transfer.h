// transfer: bytes to and from several ranks at once, on one thread.
//
// Every lane is a connection with what is to be sent over it and where what comes in is put. All lanes move together,
// so that no two ranks wait for each other to read. Blocks the caller.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace erprm {

struct Lane {
  int rank;
  int descriptor;
  std::vector<std::span<const char>> outgoing;
  std::vector<std::span<char>> incoming;
};

// Who did not do their part.
struct TransferFailure {
  enum class Kind { kGone, kSilent } kind;
  std::vector<int> ranks;
};

// Returns when everything was sent and received. Throws TransferFailure: kGone when a connection ended, kSilent when
// nothing moved on any lane for `patience`.
void transfer(std::vector<Lane> lanes, std::chrono::milliseconds patience);

}  // namespace erprm
