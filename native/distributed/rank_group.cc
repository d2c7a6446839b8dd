#include "distributed/rank_group.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace erprm {
namespace {

constexpr uint64_t kMagic = 0x6572'7072'6d20'3031;  // "erprm 01"; another byte order reads another number
constexpr const char* kFarewell = "farewell";
constexpr const char* kExchange = "exchange";
constexpr uint64_t kMostFarewell = 1 << 16;
// For the others to read why this rank goes.
constexpr std::chrono::milliseconds kFarewellPatience{5000};

template <typename T>
std::span<char> bytes_of(T& value) {
  return {reinterpret_cast<char*>(&value), sizeof value};
}

}  // namespace

RankGroup::RankGroup(int rank, std::vector<Peer> peers, std::chrono::milliseconds patience)
    : rank_(rank), patience_(patience), peers_(std::move(peers)) {}

std::string RankGroup::named(int rank) const { return concat("rank ", rank, " (", peer(rank).host, ")"); }

void RankGroup::fail(const TransferFailure& failure) const {
  const bool gone = failure.kind == TransferFailure::Kind::kGone;
  std::string who;
  for (const int rank : failure.ranks) who += concat(who.empty() ? "" : ", ", named(rank));
  const std::string what =
      gone ? std::string(" to stay, but its connection ended: it was killed, or failed and said so itself")
           : concat(" to send something within ", patience_.count() / 1000,
                    " s, received nothing: it hangs, or the network does");
  throw Error(ErrorCode::IO, concat("Expected ", who, what),
              {{"what", gone ? "lost rank" : "silent rank"}, {"rank", failure.ranks.front()}});
}

// The farewell of a rank that has left, as the error that it left with.
void RankGroup::raise_farewell(const std::vector<Header>& headers) {
  for (const Peer& peer : peers_) {
    const Header& header = headers[peer.rank];
    if (header.magic != kMagic || std::strncmp(header.name, kFarewell, sizeof header.name) != 0) continue;
    std::string text(std::min(header.size, kMostFarewell), '\0');
    const bool whole = receive_before(peer.socket, text, std::chrono::steady_clock::now() + kFarewellPatience);
    const size_t end = text.find('\n');
    const std::string code = text.substr(0, end);
    ErrorCode known = ErrorCode::IO;
    for (size_t i = 0; i < std::size(kErrorCodes); ++i) {
      if (code == kErrorCodes[i].name) known = static_cast<ErrorCode>(i);
    }
    const std::string why = whole && end != std::string::npos ? text.substr(end + 1) : "it did not say why";
    throw Error(known, concat(named(peer.rank), " has left: ", why), {{"what", "rank left"}, {"rank", peer.rank}});
  }
}

void RankGroup::run(std::vector<Lane> lanes, const std::vector<Header>* headers) {
  try {
    transfer(std::move(lanes), patience_);
  } catch (const TransferFailure& failure) {
    // Who has gone without a word may have gone because of one who said why.
    if (headers != nullptr) raise_farewell(*headers);
    fail(failure);
  }
}

std::vector<RankGroup::Header> RankGroup::swap_headers(const std::string& name, uint64_t size) {
  require(!peers_.empty(), ErrorCode::DISPOSED, "Expected a group of ranks in use, received one that was left");
  Header own{kMagic, ++sequence_, size, {}};
  std::memcpy(own.name, name.data(), std::min(name.size(), sizeof own.name));
  std::vector<Header> headers(this->size());
  headers[rank_] = own;
  std::vector<Lane> lanes;
  for (const Peer& peer : peers_) {
    lanes.push_back({peer.rank, peer.socket.descriptor(), {bytes_of(own)}, {bytes_of(headers[peer.rank])}});
  }
  run(std::move(lanes), &headers);
  raise_farewell(headers);
  for (const Peer& peer : peers_) {
    const Header& other = headers[peer.rank];
    const bool same = other.magic == kMagic && other.sequence == own.sequence &&
                      std::memcmp(other.name, own.name, sizeof own.name) == 0;
    require(same, ErrorCode::INTERNAL, "Expected ", named(peer.rank), " at operation ", own.sequence, " (", name,
            "), received operation ", other.sequence, " (",
            std::string_view(other.name, strnlen(other.name, sizeof other.name)), ")");
  }
  return headers;
}

std::vector<std::string> RankGroup::exchange(const std::string& bytes) {
  const std::vector<Header> headers = swap_headers(kExchange, bytes.size());
  std::vector<std::string> all(size());
  std::vector<Lane> lanes;
  for (const Peer& peer : peers_) {
    std::string& theirs = all[peer.rank];
    theirs.resize(headers[peer.rank].size);
    lanes.push_back({peer.rank, peer.socket.descriptor(), {bytes}, {theirs}});
  }
  run(std::move(lanes), nullptr);
  all[rank_] = bytes;
  return all;
}

void RankGroup::begin(const std::string& name, uint64_t size) {
  const std::vector<Header> headers = swap_headers(name, size);
  for (const Peer& peer : peers_) {
    require(headers[peer.rank].size == size, ErrorCode::INTERNAL, "Expected ", named(peer.rank), " to have ", size,
            " numbers or parts for ", name, ", received ", headers[peer.rank].size);
  }
}

void RankGroup::move(std::vector<Traffic> traffic) {
  std::vector<Lane> lanes;
  for (const Peer& peer : peers_) {
    Traffic& theirs = traffic[peer.rank];
    lanes.push_back({peer.rank, peer.socket.descriptor(), std::move(theirs.outgoing), std::move(theirs.incoming)});
  }
  run(std::move(lanes), nullptr);
}

void RankGroup::leave(ErrorCode code, const std::string& message) noexcept {
  try {
    const std::string text = concat(info_of(code).name, "\n", message).substr(0, kMostFarewell);
    Header header{kMagic, 0, text.size(), {}};
    std::strncpy(header.name, kFarewell, sizeof header.name - 1);
    const std::string bytes = std::string(bytes_of(header).data(), sizeof header) + text;
    const Deadline deadline = std::chrono::steady_clock::now() + kFarewellPatience;
    for (const Peer& peer : peers_) {
      if (send_before(peer.socket, bytes, deadline)) ::shutdown(peer.socket.descriptor(), SHUT_WR);
    }
    // Closing while something unread lies here would take the farewell from those who have not read it yet.
    std::string rest(1 << 16, '\0');
    for (const Peer& peer : peers_) {
      while (receive_before(peer.socket, rest, deadline)) continue;
    }
  } catch (...) {
    // The others notice that the connections end.
  }
  peers_.clear();
}

}  // namespace erprm
