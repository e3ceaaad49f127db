#pragma once

#include <cstdint>
#include <vector>

#include "backend/cpu/tap_axis.h"

namespace intact::cpu {

/// What every row and column of a result reads through the taps of a kernel, worked out once for
/// all images and channels. Steps and sources count pixels.
struct Gather {
  /// Results first, first + result_step, ... that read the same taps, source_step apart.
  struct Run {
    int64_t first = 0;
    int64_t pixels = 0;
    TapsOfResult taps;  // of the first
  };

  std::vector<TapsOfResult> rows;
  std::vector<Run> runs;  // in a row
  int64_t result_step = 1;
  int64_t source_step = 1;
  int64_t result_columns = 0;
  int64_t source_rows = 0;
  int64_t source_columns = 0;
  int64_t kernel_columns = 0;
};

template <class Axis>
Gather gather_of(const ConvShape& s,
                 const Axis& rows,
                 const Axis& columns,
                 int64_t result_rows,
                 int64_t result_columns) {
  Gather gather{.result_step = columns.result_step(),
                .source_step = columns.source_step(),
                .result_columns = result_columns,
                .source_rows = rows.size,
                .source_columns = columns.size,
                .kernel_columns = s.kw};
  gather.rows.reserve(static_cast<size_t>(result_rows));
  for (int64_t row = 0; row < result_rows; ++row) {
    gather.rows.push_back(taps_of(rows, s.kh, row));
  }
  for_runs(columns, s.kw, result_columns, [&](int64_t first, int64_t pixels) {
    gather.runs.push_back({first, pixels, taps_of(columns, s.kw, first)});
  });
  return gather;
}

/// y from x.
inline Gather forward_gather(const ConvShape& s) {
  return gather_of(s, forward_rows(s), forward_columns(s), s.oh, s.ow);
}

/// dx from dy.
inline Gather backward_gather(const ConvShape& s) {
  return gather_of(s, backward_rows(s), backward_columns(s), s.h, s.w);
}

}  // namespace intact::cpu
