// Socket: a TCP connection or a listening port, closed with its owner. Addresses are numeric or names, IPv4 or IPv6.
// Thread: any one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace erprm {

using Deadline = std::chrono::steady_clock::time_point;

// Milliseconds left, for poll(2): 0 once the deadline has passed.
int milliseconds_until(Deadline deadline);

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket();
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

struct Listener {
  Socket socket;
  uint16_t port;
};

// A port that the system chose, on all interfaces. Throws IO.
Listener listen_anywhere();

// The next connection, without delays and with keep-alive; nothing when the deadline passes. Throws IO.
std::optional<Socket> accept_before(const Socket& listener, Deadline deadline);

// A connection as above; nothing when it is refused, cut or not there before the deadline.
std::optional<Socket> connect_before(const std::string& host, uint16_t port, Deadline deadline);

// The numeric address by which this machine talks to `host`; empty when it has no way there. Sends nothing.
std::string address_towards(const std::string& host, uint16_t port);

// All bytes, or false when the connection ends or the deadline passes first.
bool send_before(const Socket& socket, const std::string& bytes, Deadline deadline);
bool receive_before(const Socket& socket, std::string& bytes, Deadline deadline);

}  // namespace erprm
