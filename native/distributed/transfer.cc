#include "distributed/transfer.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "distributed/socket.h"

namespace erprm {
namespace {

// Spans given to the system at once.
constexpr size_t kSpans = 64;

// A row of spans and how far it has come.
template <typename Span>
class Cursor {
 public:
  explicit Cursor(std::vector<Span> spans) : spans_(std::move(spans)) { skip_empty(); }
  bool at_end() const { return index_ == spans_.size(); }

  // Calls operation(iovec*, count) once; it returns what recvmsg and sendmsg do.
  template <typename Operation>
  ssize_t move(const Operation& operation) {
    std::array<iovec, kSpans> parts;
    size_t count = 0;
    for (size_t i = index_; i < spans_.size() && count < kSpans; ++i) {
      const size_t skipped = i == index_ ? offset_ : 0;
      parts[count++] = {const_cast<char*>(spans_[i].data()) + skipped, spans_[i].size() - skipped};
    }
    const ssize_t moved = operation(parts.data(), count);
    if (moved > 0) advance(static_cast<size_t>(moved));
    return moved;
  }

 private:
  void advance(size_t moved) {
    offset_ += moved;
    while (index_ < spans_.size() && offset_ >= spans_[index_].size()) offset_ -= spans_[index_++].size();
    skip_empty();
  }
  void skip_empty() {
    while (index_ < spans_.size() && spans_[index_].empty()) ++index_;
  }

  std::vector<Span> spans_;
  size_t index_ = 0, offset_ = 0;
};

struct MovingLane {
  explicit MovingLane(Lane lane)
      : rank(lane.rank),
        descriptor(lane.descriptor),
        outgoing(std::move(lane.outgoing)),
        incoming(std::move(lane.incoming)) {}
  bool is_done() const { return outgoing.at_end() && incoming.at_end(); }

  int rank, descriptor;
  Cursor<std::span<const char>> outgoing;
  Cursor<std::span<char>> incoming;
};

// Whether something moved. Throws kGone.
template <typename Way, typename Operation>
bool moved(Way& way, int rank, const Operation& operation) {
  const ssize_t count = way.move([&](iovec* parts, size_t size) {
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = size;
    return operation(&message);
  });
  if (count > 0) return true;
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return false;
  throw TransferFailure{TransferFailure::Kind::kGone, {rank}};
}

}  // namespace

void transfer(std::vector<Lane> all, std::chrono::milliseconds patience) {
  std::vector<MovingLane> lanes;
  lanes.reserve(all.size());
  for (Lane& lane : all) lanes.emplace_back(std::move(lane));
  std::vector<pollfd> entries;
  Deadline deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    std::erase_if(lanes, [](const MovingLane& lane) { return lane.is_done(); });
    if (lanes.empty()) return;
    entries.clear();
    for (const MovingLane& lane : lanes) {
      const int events = (lane.incoming.at_end() ? 0 : POLLIN) | (lane.outgoing.at_end() ? 0 : POLLOUT);
      entries.push_back({lane.descriptor, static_cast<short>(events), 0});
    }
    bool any = false;
    if (::poll(entries.data(), entries.size(), milliseconds_until(deadline)) > 0) {
      for (size_t i = 0; i < lanes.size(); ++i) {
        MovingLane& lane = lanes[i];
        const int events = entries[i].revents, ended = events & (POLLERR | POLLHUP | POLLNVAL);
        // What was sent before the end is read first: it may say why.
        if (!lane.incoming.at_end() && ((events & POLLIN) != 0 || ended != 0)) {
          any |=
              moved(lane.incoming, lane.rank, [&](msghdr* m) { return ::recvmsg(lane.descriptor, m, MSG_DONTWAIT); });
        }
        if (!lane.outgoing.at_end() && ((events & POLLOUT) != 0 || ended != 0)) {
          any |= moved(lane.outgoing, lane.rank,
                       [&](msghdr* m) { return ::sendmsg(lane.descriptor, m, MSG_DONTWAIT | MSG_NOSIGNAL); });
        }
      }
    }
    if (any) {
      deadline = std::chrono::steady_clock::now() + patience;
    } else if (milliseconds_until(deadline) == 0) {
      TransferFailure failure{TransferFailure::Kind::kSilent, {}};
      for (const MovingLane& lane : lanes) failure.ranks.push_back(lane.rank);
      throw failure;
    }
  }
}

}  // namespace erprm
