#pragma once

#include <cstdint>
#include <span>

#include "intact/tensor/tensor.h"

namespace intact {

/// One labelled image, or a batch of them stacked on a new axis 0.
struct Sample {
  Tensor image;  // float32
  Tensor label;  // int64
};

/// Numbered labelled images. Both functions must be safe to call from another thread.
class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual int64_t size() const = 0;
  /// Sample `index` in [0, size()) as it is in `epoch`: only random transforms look at the epoch.
  virtual Sample get(int64_t index, int64_t epoch = 0) const = 0;
  /// The samples stacked in order. The base class stacks get(); a subclass may be faster but must
  /// return the same bytes. Throws: InvalidArgument when their shapes or dtypes differ.
  virtual Sample get_batch(std::span<const int64_t> indices, int64_t epoch = 0) const;
};

}  // namespace intact
