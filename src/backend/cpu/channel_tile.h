#pragma once

#include <cstdint>

namespace intact::cpu {

/// Rows of few channels do not fill vectors. A ChannelTile views 16 rows [channels] as one row
/// [16*channels] when channels < 64 is no multiple of 16, and repeats per-channel coefficients to
/// that width.
class ChannelTile {
 public:
  static constexpr int64_t kMaxTiledColumns = 1024;

  explicit ChannelTile(int64_t channels)
      : channels_(channels), rows_(channels < 64 && channels % 16 != 0 ? 16 : 1) {}

  int64_t rows() const { return rows_; }
  int64_t columns() const { return rows_ * channels_; }

  /// `coefficients` itself, or its repetition in `storage` [kMaxTiledColumns].
  const float* spread(const float* coefficients, float* storage) const {
    if (rows_ == 1 || coefficients == nullptr) {
      return coefficients;
    }
    for (int64_t row = 0; row < rows_; ++row) {
      for (int64_t channel = 0; channel < channels_; ++channel) {
        storage[row * channels_ + channel] = coefficients[channel];
      }
    }
    return storage;
  }

 private:
  int64_t channels_;
  int64_t rows_;
};

}  // namespace intact::cpu
