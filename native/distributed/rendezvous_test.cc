// Ranks that meet over the loopback interface, at a real TCPStore.
#include "distributed/rendezvous.h"

#include <memory>
#include <sstream>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "core/testing.h"
#include "distributed/test_groups.h"

namespace erprm {
namespace {

RendezvousOptions options_of(int rank, int size, uint16_t port, std::chrono::milliseconds patience) {
  return {rank, size, "127.0.0.1", port, false, "test", patience};
}

// A port that was free a moment ago.
uint16_t free_port() { return listen_anywhere().port; }

TEST("ranks find each other at the store of rank 0, in whatever order they come, and are all connected") {
  constexpr int kRanks = 3;
  const uint16_t port = free_port();
  const auto messages = on_ranks(kRanks, [&](int rank) {
    RankGroup group(rank, meet(options_of(rank, kRanks, port, std::chrono::seconds(30))), std::chrono::seconds(30));
    const std::vector<std::string> all = group.exchange(concat("rank ", rank));
    for (int other = 0; other < kRanks; ++other) CHECK(all[other] == concat("rank ", other));
    group.exchange("");  // nobody goes while another still reads
  });
  for (const std::string& message : messages) CHECK(message == "");
}

TEST("ranks that do not come are named") {
  const uint16_t port = free_port();
  const auto messages =
      on_ranks(2, [&](int rank) { meet(options_of(rank, 4, port, std::chrono::milliseconds(1500))); });
  CHECK(messages[0].find("ERPRM_IO Expected 4 ranks to come to 127.0.0.1") == 0);
  CHECK(messages[0].find("rank 0 still misses ranks 2, 3") != std::string::npos);
  CHECK(messages[1].find("ERPRM_IO") == 0);
}

TEST("a store that is not there is named by its address") {
  const uint16_t port = free_port();
  RendezvousOptions options = options_of(1, 2, port, std::chrono::milliseconds(1200));
  CHECK_THROWS(meet(options), concat("MASTER_ADDR 127.0.0.1 and MASTER_PORT ", static_cast<int>(port)));
}

TEST("a stranger at the port of a rank is not taken for a rank, nor does it keep the ranks from meeting") {
  const uint16_t port = free_port();
  std::optional<Socket> stranger;
  const auto messages = on_ranks(2, [&](int rank) {
    if (rank == 1) {
      c10d::TCPStoreOptions options;
      options.port = port;
      options.waitWorkers = false;
      c10d::TCPStore store("127.0.0.1", options);
      const std::vector<uint8_t> card = store.get("test/rank/0");
      std::istringstream text(std::string(card.begin(), card.end()));
      std::string address;
      uint16_t open = 0;
      text >> address >> open;
      const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
      stranger = connect_before(address, open, deadline);
      CHECK(stranger && send_before(*stranger, std::string(32, '0') + "00000001", deadline));
    }
    RankGroup group(rank, meet(options_of(rank, 2, port, std::chrono::seconds(30))), std::chrono::seconds(30));
    CHECK(group.exchange(concat("rank ", rank))[1 - rank] == concat("rank ", 1 - rank));
    group.exchange("");
  });
  for (const std::string& message : messages) CHECK(message == "");
  std::string answer(1, '\0');
  CHECK(!receive_before(*stranger, answer, std::chrono::steady_clock::now() + std::chrono::seconds(10)));
}

}  // namespace
}  // namespace erprm
