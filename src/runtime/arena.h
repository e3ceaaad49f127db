#pragma once

#include <cstddef>
#include <memory>

namespace intact {

/// Memory that Plans of one Executor share; their runs do not overlap.
class Arena {
 public:
  /// At least `bytes`, 64-byte aligned, contents undefined. Earlier addresses are invalid when it
  /// grew. Throws: InvalidArgument when the system has not that much.
  std::byte* reserve(size_t bytes);
  size_t size_bytes() const { return size_bytes_; }

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  std::unique_ptr<std::byte, Free> memory_;
  size_t size_bytes_ = 0;
};

}  // namespace intact
