#include "distributed/rendezvous.h"

#include <c10/util/Exception.h>
#include <c10/util/Logging.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <random>
#include <sstream>
#include <thread>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "core/error.h"

namespace erprm {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPause{50};
constexpr milliseconds kAnswerPause{1000};
// For a stranger that connects and says nothing.
constexpr milliseconds kGreetingPatience{5000};
constexpr int kFatal = 3;
constexpr size_t kTokenSize = 32, kRankSize = 8;

// What a rank leaves at the store.
struct Card {
  std::string address, host, token;
  uint16_t port = 0;
};

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

std::string random_token() {
  std::random_device source;
  std::string token;
  char digits[9];
  while (token.size() < kTokenSize) {
    std::snprintf(digits, sizeof digits, "%08x", static_cast<unsigned>(source()));
    token += digits;
  }
  return token;
}

std::string listed(const std::vector<int>& ranks) {
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (size_t i = 0; i < ranks.size(); ++i) text += concat(i == 0 ? "" : ", ", ranks[i]);
  return text;
}

// The first line of what libtorch says; the rest is its stack.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// libtorch writes its own stack to standard error for what becomes an error of ours.
class QuietLibrary {
 public:
  QuietLibrary() : before_(std::exchange(FLAGS_caffe2_log_level, kFatal)) {}
  ~QuietLibrary() { FLAGS_caffe2_log_level = before_; }
  QuietLibrary(const QuietLibrary&) = delete;
  QuietLibrary& operator=(const QuietLibrary&) = delete;

 private:
  const int before_;
};

[[noreturn]] void fail_store(const RendezvousOptions& options, const std::string& why) {
  throw Error(ErrorCode::IO,
              concat("Expected rank ", options.rank, " to reach the meeting point at MASTER_ADDR ", options.store_host,
                     " and MASTER_PORT ", static_cast<int>(options.store_port), ": ", why),
              {{"what", "store"}, {"rank", options.rank}});
}

class Meeting {
 public:
  explicit Meeting(const RendezvousOptions& options)
      : options_(options), deadline_(steady_clock::now() + options.patience), listener_(listen_anywhere()) {}

  std::vector<Peer> run() {
    open_store();
    leave_card();
    for (int rank = 0; rank < options_.rank; ++rank) connect_to(rank);
    while (static_cast<int>(peers_.size()) < options_.size - 1) accept_one();
    wait_for_all();
    std::vector<Peer> peers;
    for (auto& [rank, peer] : peers_) peers.push_back(std::move(peer));
    return peers;
  }

 private:
  std::string key(int rank) const { return concat(options_.prefix, "/rank/", rank); }
  bool is_over() const { return milliseconds_until(deadline_) == 0; }

  void open_store() {
    c10d::TCPStoreOptions options;
    options.port = options_.store_port;
    options.isServer = options_.rank == 0 && !options_.store_is_there;
    options.waitWorkers = false;
    if (!options.isServer) wait_for_store();
    options.timeout = milliseconds(std::max(1, milliseconds_until(deadline_)));
    // Node has a libuv of its own, whose functions would be called instead of libtorch's.
    options.useLibUV = false;
    store_ = c10::make_intrusive<c10d::TCPStore>(options_.store_host, options);
  }

  // libtorch waits too, but several times as long as it is told.
  void wait_for_store() const {
    while (!connect_before(options_.store_host, options_.store_port, deadline_)) {
      if (is_over()) fail_store(options_, concat("nothing answered there within ", seconds(), " s"));
      std::this_thread::sleep_for(kPause);
    }
  }

  void leave_card() {
    token_ = random_token();
    // Who reaches the store without leaving the machine is where the store is: by its name the others come here too.
    std::string address = address_towards(options_.store_host, options_.store_port);
    if (address.empty() || address.starts_with("127.") || address == "::1") address = options_.store_host;
    const std::string card = concat(address, " ", static_cast<int>(listener_.port), " ", token_, " ", host_name());
    store_->set(key(options_.rank), std::vector<uint8_t>(card.begin(), card.end()));
  }

  std::string text_of(int rank) {
    const std::vector<uint8_t> bytes = store_->get(key(rank));
    return std::string(bytes.begin(), bytes.end());
  }

  static Card read_card(const std::string& card_text) {
    std::istringstream text(card_text);
    Card card;
    text >> card.address >> card.port >> card.token >> card.host;
    return card;
  }

  // A card may be that of a process that has ended: it is read again until its owner answers.
  void connect_to(int rank) {
    Card card;
    for (; !is_over(); std::this_thread::sleep_for(kPause)) {
      if (!store_->check({key(rank)})) continue;
      const std::string text = text_of(rank);
      card = read_card(text);
      std::optional<Socket> socket = connect_before(card.address, card.port, deadline_);
      char own[kRankSize + 1];
      std::snprintf(own, sizeof own, "%08d", options_.rank);
      if (!socket || !send_before(*socket, card.token + own, deadline_)) continue;
      if (!is_answered(*socket, rank, text)) continue;
      peers_.insert_or_assign(rank, Peer{rank, card.host, std::move(*socket)});
      return;
    }
    if (card.port == 0) fail_missing({rank});
    throw Error(ErrorCode::IO,
                concat("Expected rank ", rank, " to answer at ", card.address, " port ", static_cast<int>(card.port),
                       ", which it named itself, within ", seconds(), " s; MASTER_ADDR (", options_.store_host,
                       ") has to be an address by which all machines reach each other"),
                {{"what", "missing rank"}, {"rank", rank}});
  }

  // The other may be waiting for ranks below it. False once the connection has ended or the card is another.
  bool is_answered(const Socket& socket, int rank, const std::string& text) {
    std::string answer(1, '\0');
    while (!is_over()) {
      const Deadline soon = std::min(deadline_, steady_clock::now() + kAnswerPause);
      if (receive_before(socket, answer, soon)) return true;
      if (milliseconds_until(soon) > 0 || text_of(rank) != text) return false;
    }
    return false;
  }

  void accept_one() {
    std::optional<Socket> socket = accept_before(listener_.socket, deadline_);
    if (!socket) {
      std::vector<int> missing;
      for (int rank = options_.rank + 1; rank < options_.size; ++rank) {
        if (!peers_.contains(rank)) missing.push_back(rank);
      }
      fail_missing(missing);
    }
    const Deadline soon = std::min(deadline_, steady_clock::now() + kGreetingPatience);
    std::string greeting(kTokenSize + kRankSize, '\0');
    if (!receive_before(*socket, greeting, soon) || greeting.substr(0, kTokenSize) != token_) return;
    const int rank = std::atoi(greeting.c_str() + kTokenSize);
    if (rank <= options_.rank || rank >= options_.size || !send_before(*socket, "y", soon)) return;
    peers_.insert_or_assign(rank, Peer{rank, read_card(text_of(rank)).host, std::move(*socket)});
  }

  // Rank 0 takes the store with it: nobody may still need it.
  void wait_for_all() {
    for (const auto& [rank, peer] : peers_) send_before(peer.socket, "y", deadline_);
    std::vector<int> missing;
    std::string answer(1, '\0');
    for (const auto& [rank, peer] : peers_) {
      if (!receive_before(peer.socket, answer, deadline_)) missing.push_back(rank);
    }
    if (!missing.empty()) fail_missing(missing);
  }

  int64_t seconds() const { return options_.patience.count() / 1000; }

  [[noreturn]] void fail_missing(const std::vector<int>& missing) const {
    throw Error(ErrorCode::IO,
                concat("Expected ", options_.size, " ranks to come to ", options_.store_host, " port ",
                       static_cast<int>(options_.store_port), " within ", seconds(), " s, rank ", options_.rank,
                       " still misses ", listed(missing)),
                {{"what", "missing rank"}, {"rank", missing.front()}});
  }

  const RendezvousOptions& options_;
  const Deadline deadline_;
  const Listener listener_;
  c10::intrusive_ptr<c10d::TCPStore> store_;
  std::string token_;
  std::map<int, Peer> peers_;
};

}  // namespace

std::vector<Peer> meet(const RendezvousOptions& options) {
  const QuietLibrary quiet;
  try {
    return Meeting(options).run();
  } catch (const c10::Error& error) {
    fail_store(options, first_line(error.what_without_backtrace()));
  }
}

}  // namespace erprm
