#include "distributed/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "core/error.h"

namespace erprm {
namespace {

// A machine that goes away without a word is missed after idle + count * interval seconds.
constexpr int kKeepAliveIdle = 20, kKeepAliveInterval = 5, kKeepAliveCount = 6;
constexpr int kBacklog = 1024;

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// Null for a name that nobody knows.
Addresses addresses_of(const std::string& host, uint16_t port, int type) {
  addrinfo wanted{};
  wanted.ai_socktype = type;
  wanted.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &list) != 0) return nullptr;
  return Addresses(list);
}

void set_option(int descriptor, int level, int name, int value) {
  // None of these options decides whether data arrives.
  ::setsockopt(descriptor, level, name, &value, sizeof value);
}

void prepare(int descriptor) {
  set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdle);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveInterval);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveCount);
}

// Waits for POLLIN or POLLOUT; false when the deadline passes.
bool is_ready(int descriptor, short events, Deadline deadline) {
  for (;;) {
    pollfd entry{descriptor, events, 0};
    const int ready = ::poll(&entry, 1, milliseconds_until(deadline));
    if (ready > 0) return true;
    if (ready == 0 && milliseconds_until(deadline) == 0) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

std::optional<Socket> connect_to(const addrinfo& address, Deadline deadline) {
  Socket socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.descriptor() < 0) return std::nullopt;
  if (::connect(socket.descriptor(), address.ai_addr, address.ai_addrlen) != 0) {
    if (errno != EINPROGRESS || !is_ready(socket.descriptor(), POLLOUT, deadline)) return std::nullopt;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket.descriptor(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return std::nullopt;
  }
  prepare(socket.descriptor());
  return socket;
}

[[noreturn]] void fail(const char* what) {
  throw Error(ErrorCode::IO, concat("Expected to ", what, ": ", std::strerror(errno)));
}

}  // namespace

int milliseconds_until(Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 1 << 30));
}

Socket::~Socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Listener listen_anywhere() {
  Socket socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_storage address{};
  socklen_t size = sizeof(sockaddr_in6);
  if (socket.descriptor() >= 0) {
    set_option(socket.descriptor(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
    address.ss_family = AF_INET6;
  }
  // A system without IPv6 says so here or there.
  if (socket.descriptor() < 0 || ::bind(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), size) != 0) {
    socket = Socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    address = {};
    address.ss_family = AF_INET;
    size = sizeof(sockaddr_in);
    if (socket.descriptor() < 0 || ::bind(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), size) != 0)
      fail("bind a port for the other ranks");
  }
  if (::listen(socket.descriptor(), kBacklog) != 0) fail("listen for the other ranks");
  size = sizeof address;
  if (::getsockname(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), &size) != 0) fail("read a port");
  // The port lies at the same place in both families.
  const uint16_t port = ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  return {std::move(socket), port};
}

std::optional<Socket> accept_before(const Socket& listener, Deadline deadline) {
  for (;;) {
    if (!is_ready(listener.descriptor(), POLLIN, deadline)) return std::nullopt;
    Socket socket(::accept4(listener.descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.descriptor() >= 0) {
      prepare(socket.descriptor());
      return socket;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) fail("accept the other ranks");
  }
}

std::optional<Socket> connect_before(const std::string& host, uint16_t port, Deadline deadline) {
  const Addresses list = addresses_of(host, port, SOCK_STREAM);
  for (const addrinfo* address = list.get(); address != nullptr; address = address->ai_next) {
    std::optional<Socket> socket = connect_to(*address, deadline);
    if (socket) return socket;
  }
  return std::nullopt;
}

std::string address_towards(const std::string& host, uint16_t port) {
  const Addresses list = addresses_of(host, port, SOCK_DGRAM);
  for (const addrinfo* address = list.get(); address != nullptr; address = address->ai_next) {
    const Socket socket(::socket(address->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    char text[NI_MAXHOST];
    // Connecting a datagram socket only looks up the route.
    if (socket.descriptor() >= 0 && ::connect(socket.descriptor(), address->ai_addr, address->ai_addrlen) == 0 &&
        ::getsockname(socket.descriptor(), reinterpret_cast<sockaddr*>(&own), &size) == 0 &&
        ::getnameinfo(reinterpret_cast<sockaddr*>(&own), size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
      return text;
  }
  return {};
}

bool send_before(const Socket& socket, const std::string& bytes, Deadline deadline) {
  for (size_t sent = 0; sent < bytes.size();) {
    if (!is_ready(socket.descriptor(), POLLOUT, deadline)) return false;
    const ssize_t count = ::send(socket.descriptor(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (count > 0) sent += static_cast<size_t>(count);
  }
  return true;
}

bool receive_before(const Socket& socket, std::string& bytes, Deadline deadline) {
  for (size_t received = 0; received < bytes.size();) {
    if (!is_ready(socket.descriptor(), POLLIN, deadline)) return false;
    const ssize_t count = ::recv(socket.descriptor(), bytes.data() + received, bytes.size() - received, 0);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return false;
    if (count > 0) received += static_cast<size_t>(count);
  }
  return true;
}

}  // namespace erprm
