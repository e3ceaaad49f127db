#pragma once

#include <cstdint>

namespace intact::cpu {

/// to [taps, columns] from codes [columns, taps], rows of `to` being `stride` apart. Nine taps are
/// fast.
void split_taps(int64_t columns, int64_t taps, const int8_t* codes, int8_t* to, int64_t stride);

/// The same of what the codes stand for: code * scale / max.
void split_taps(int64_t columns,
                int64_t taps,
                const int8_t* codes,
                float scale,
                float max,
                float* to,
                int64_t stride);

}  // namespace intact::cpu
