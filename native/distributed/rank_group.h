// RankGroup: the processes of one training, each with a connection to every other. All of them do the same operations
// in the same order; each operation begins with a header from everyone to everyone, so that a rank that does something
// else, has failed or is gone is found out by all. Blocks the caller. Thread: device thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "distributed/rendezvous.h"
#include "distributed/transfer.h"

namespace erprm {

class RankGroup {
 public:
  // `patience`: how long nothing may come from the others. `peers` in order, without this rank.
  RankGroup(int rank, std::vector<Peer> peers, std::chrono::milliseconds patience);
  RankGroup(const RankGroup&) = delete;
  RankGroup& operator=(const RankGroup&) = delete;

  int rank() const { return rank_; }
  int size() const { return static_cast<int>(peers_.size()) + 1; }

  // What everyone gave, by rank.
  // All operations throw IO {rank} for a rank that is gone or silent; the code and message of a rank that has left;
  // INTERNAL when a rank does another operation; DISPOSED after leave and close.
  std::vector<std::string> exchange(const std::string& bytes);

  // What goes to a rank, and where its bytes are put; the sizes must agree on both sides.
  struct Traffic {
    std::vector<std::span<const char>> outgoing;
    std::vector<std::span<char>> incoming;
  };
  // Begins an operation on data: `name` (at most 16 characters) and `size` must be the same everywhere.
  void begin(const std::string& name, uint64_t size);
  // Any number of times after begin. `traffic` [size()], this rank's own is not looked at.
  void move(std::vector<Traffic> traffic);

  // Tells the others why this rank goes, and lets go of the connections. They get the error from their next operation.
  void leave(ErrorCode code, const std::string& message) noexcept;
  // Without a word: the work is done.
  void close() { peers_.clear(); }

 private:
  struct Header {
    uint64_t magic = 0;
    uint64_t sequence = 0;
    uint64_t size = 0;
    char name[16] = {};
  };
  std::vector<Header> swap_headers(const std::string& name, uint64_t size);
  void run(std::vector<Lane> lanes, const std::vector<Header>* headers);
  void raise_farewell(const std::vector<Header>& headers);
  [[noreturn]] void fail(const TransferFailure& failure) const;
  const Peer& peer(int rank) const { return peers_[rank < rank_ ? rank : rank - 1]; }
  std::string named(int rank) const;

  const int rank_;
  const std::chrono::milliseconds patience_;
  std::vector<Peer> peers_;
  uint64_t sequence_ = 0;
};

}  // namespace erprm
