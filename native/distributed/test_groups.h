// Groups of ranks inside one process, a thread each, for tests.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "distributed/rank_group.h"

namespace erprm {

// Groups [size], connected with each other by socket pairs.
inline std::vector<std::unique_ptr<RankGroup>> connected_groups(int size, std::chrono::milliseconds patience) {
  std::vector<std::vector<Peer>> peers(size);
  for (int low = 0; low < size; ++low) {
    for (int high = low + 1; high < size; ++high) {
      int ends[2];
      require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0, ErrorCode::IO, "no socket pair");
      peers[low].push_back({high, "here", Socket(ends[0])});
      peers[high].push_back({low, "here", Socket(ends[1])});
    }
  }
  std::vector<std::unique_ptr<RankGroup>> groups;
  for (int rank = 0; rank < size; ++rank) {
    // From below they came in the order of the ranks already, from above they were added behind.
    std::sort(peers[rank].begin(), peers[rank].end(), [](const Peer& a, const Peer& b) { return a.rank < b.rank; });
    groups.push_back(std::make_unique<RankGroup>(rank, std::move(peers[rank]), patience));
  }
  return groups;
}

// body(rank) on a thread for each rank; returns the message of what each threw, empty for none.
inline std::vector<std::string> on_ranks(int size, const std::function<void(int rank)>& body) {
  std::vector<std::string> messages(size);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        body(rank);
      } catch (const Error& error) {
        messages[rank] = concat(info_of(error.code()).name, " ", error.message());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return messages;
}

}  // namespace erprm
