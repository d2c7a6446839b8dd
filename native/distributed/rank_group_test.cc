#include "distributed/rank_group.h"

#include <poll.h>

#include <algorithm>

#include "core/testing.h"
#include "distributed/test_groups.h"

namespace erprm {
namespace {

constexpr std::chrono::milliseconds kLong{20'000}, kShort{200};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST("what every rank gives reaches every rank, whatever its size, as often as they like") {
  constexpr int kRanks = 4;
  const auto groups = connected_groups(kRanks, kLong);
  const auto given = [](int rank, int round) { return std::string(rank * 300'001, static_cast<char>('a' + round)); };
  const auto messages = on_ranks(kRanks, [&](int rank) {
    for (int round = 0; round < 3; ++round) {
      const std::vector<std::string> all = groups[rank]->exchange(given(rank, round));
      for (int other = 0; other < kRanks; ++other) CHECK(all[other] == given(other, round));
    }
  });
  for (const std::string& message : messages) CHECK(message == "");
}

TEST("a rank whose process ends is named by all others") {
  auto groups = connected_groups(3, kLong);
  const auto messages = on_ranks(3, [&](int rank) {
    if (rank == 1) return groups[1]->close();
    groups[rank]->exchange("x");
  });
  CHECK(contains(messages[0], "ERPRM_IO Expected rank 1 (here) to stay"));
  CHECK(contains(messages[2], "ERPRM_IO Expected rank 1 (here) to stay"));
}

TEST("a rank that is silent for too long is named, and only that one") {
  const auto groups = connected_groups(3, kShort);
  const auto messages = on_ranks(3, [&](int rank) {
    if (rank == 2) {
      ::poll(nullptr, 0, 4 * static_cast<int>(kShort.count()));
      return;
    }
    groups[rank]->exchange("x");
  });
  CHECK(contains(messages[0], "ERPRM_IO Expected rank 2 (here) to send something within 0 s"));
  CHECK(contains(messages[1], "Expected rank 2 (here) to send"));
}

TEST("a rank that leaves gives the others its own error, also when they were already under way") {
  const auto groups = connected_groups(3, kLong);
  const auto messages = on_ranks(3, [&](int rank) {
    if (rank == 1) return groups[1]->leave(ErrorCode::OUT_OF_MEMORY, "Expected 3 GiB, found none");
    groups[rank]->exchange("x");
  });
  for (const int rank : {0, 2}) {
    // Whoever hears of it second may hear it from the first.
    CHECK(contains(messages[rank], "ERPRM_OUT_OF_MEMORY"));
    CHECK(contains(messages[rank], "rank 1 (here) has left: Expected 3 GiB, found none"));
  }
}

TEST("a group that was left is of no use any more") {
  const auto groups = connected_groups(2, kLong);
  groups[0]->close();
  CHECK_THROWS(groups[0]->exchange("x"), "a group of ranks in use");
}

TEST("ranks that do different things say so instead of mixing their data") {
  const auto groups = connected_groups(2, kLong);
  const auto messages = on_ranks(2, [&](int rank) { groups[rank]->begin(rank == 0 ? "one thing" : "another", 5); });
  CHECK(contains(messages[0], "Expected rank 1 (here) at operation 1 (one thing), received operation 1 (another)"));
  const auto sizes = connected_groups(2, kLong);
  const auto others = on_ranks(2, [&](int rank) { sizes[rank]->begin("sums", 5 + rank); });
  CHECK(contains(others[1], "Expected rank 0 (here) to have 6 numbers or parts for sums, received 5"));
}

}  // namespace
}  // namespace erprm
