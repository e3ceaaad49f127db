#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace intact {

/// Counter-based random numbers (Philox 4x32-10, Salmon et al. 2011): block i of a stream is a pure
/// function of (seed, i), so results are the same in any order and at any thread count.
class Philox {
 public:
  explicit Philox(uint64_t seed) : seed_(seed) {}

  std::array<uint32_t, 4> block(uint64_t index) const;
  uint32_t bits(uint64_t i) const { return block(i / 4)[i % 4]; }
  /// i-th uniform float in [0, 1), multiple of 2^-24.
  float uniform(uint64_t i) const { return static_cast<float>(bits(i) >> 8) * 0x1p-24f; }
  /// i-th standard normal (Box-Muller on a block of its own).
  double normal(uint64_t i) const;

 private:
  uint64_t seed_;
};

/// Seed of a named stream, from a user's seed. FNV-1a of the name, mixed (splitmix64).
uint64_t stream_seed(uint64_t seed, std::string_view name);

}  // namespace intact
