// atomics: CUDA's atomic functions. One thread runs at a time, so plain operations are atomic.
#pragma once

#include <algorithm>

template <typename T>
T atomicExch(T* at, T value) {
  const T old = *at;
  *at = value;
  return old;
}
template <typename T>
T atomicAdd(T* at, T value) {
  return atomicExch(at, static_cast<T>(*at + value));
}
template <typename T>
T atomicSub(T* at, T value) {
  return atomicExch(at, static_cast<T>(*at - value));
}
template <typename T>
T atomicMax(T* at, T value) {
  return atomicExch(at, std::max(*at, value));
}
template <typename T>
T atomicMin(T* at, T value) {
  return atomicExch(at, std::min(*at, value));
}
template <typename T>
T atomicOr(T* at, T value) {
  return atomicExch(at, static_cast<T>(*at | value));
}
template <typename T>
T atomicAnd(T* at, T value) {
  return atomicExch(at, static_cast<T>(*at & value));
}
template <typename T>
T atomicCAS(T* at, T expected, T value) {
  return *at == expected ? atomicExch(at, value) : *at;
}

inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __threadfence_system() {}
