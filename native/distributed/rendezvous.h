// rendezvous: how the ranks of a training find each other.
//
// They meet at libtorch's TCPStore, the one that torchrun starts or that rank 0 opens at the same address. Each rank
// leaves there where it listens; then rank i connects to every rank below it, so that all pairs are connected, and the
// store is needed no more. (libtorch's own transport, Gloo, cannot be called from here: its class is in the library,
// the headers it is declared with are in no package of libtorch.)
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "distributed/socket.h"

namespace erprm {

struct RendezvousOptions {
  int rank;  // from 0
  int size;  // from 2
  std::string store_host;
  uint16_t store_port;
  // Somebody else runs the store; otherwise rank 0 does.
  bool store_is_there;
  // Set apart from other trainings, and earlier attempts at this one, that meet at the same store.
  std::string prefix;
  // To wait for ranks that are not there yet.
  std::chrono::milliseconds patience;
};

struct Peer {
  int rank;
  std::string host;  // the name of its machine
  Socket socket;
};

// The other ranks, in order. Blocks. Throws IO {rank} naming the ranks that did not come, or saying what is wrong with
// the store.
std::vector<Peer> meet(const RendezvousOptions& options);

}  // namespace erprm
