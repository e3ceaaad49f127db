#pragma once

#include <cstddef>
#include <cstdint>

namespace intact {

/// Cuts a step's workspace into 64-byte aligned pieces. Offsets and sizes in floats.
class Scratch {
 public:
  int64_t take(int64_t floats) {
    const int64_t offset = floats_;
    floats_ += (floats + 15) / 16 * 16;
    return offset;
  }
  size_t size_bytes() const { return static_cast<size_t>(floats_) * sizeof(float); }

 private:
  int64_t floats_ = 0;
};

}  // namespace intact
