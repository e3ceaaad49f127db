#pragma once

#include <algorithm>
#include <cstdint>

#include "base/parallel.h"

namespace intact::cpu {

inline int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// Into how many parts `rows` rows of `row_floats` floats are split: a power of two up to 16, each
/// part at least `min_part_floats` floats and one row. A function of the shape alone.
inline int64_t row_parts(int64_t rows, int64_t row_floats, int64_t min_part_floats = 8192) {
  const int64_t wanted = std::min(rows, rows * row_floats / min_part_floats);
  int64_t parts = 1;
  while (parts < 16 && parts * 2 <= wanted) {
    parts *= 2;
  }
  return parts;
}

/// Into how many parts a product of m*n*k multiply-adds is split.
inline int64_t gemm_parts(int64_t m, int64_t n, int64_t k) {
  const int64_t multiply_adds = m * n * k;
  return multiply_adds < (1 << 17)   ? 1
         : multiply_adds < (1 << 20) ? 2
         : multiply_adds < (1 << 22) ? 4
                                     : 8;
}

/// Part `part` of [0,total) when it is cut at multiples of `unit`.
inline Range split_in_units(int64_t total, int64_t unit, int64_t parts, int64_t part) {
  const Range units = split_evenly(ceil_div(total, unit), parts, part);
  return {std::min(units.begin * unit, total), std::min(units.end * unit, total)};
}

/// Calls body(begin, end) on parts of the flat array [0,n), cut at cache lines.
template <class Body>
void for_flat_parts(int64_t n, const Body& body) {
  constexpr int64_t kLineFloats = 16;
  const int64_t parts = row_parts(ceil_div(n, kLineFloats), kLineFloats);
  parallel_for(parts, [&](int64_t part) {
    const Range range = split_in_units(n, kLineFloats, parts, part);
    body(range.begin, range.end);
  });
}

/// Calls body(begin, end) on parts of `rows` rows of `row_floats` floats.
template <class Body>
void for_row_parts(int64_t rows, int64_t row_floats, const Body& body) {
  const int64_t parts = row_parts(rows, row_floats);
  parallel_for(parts, [&](int64_t part) {
    const Range range = split_evenly(rows, parts, part);
    body(range.begin, range.end);
  });
}

}  // namespace intact::cpu
