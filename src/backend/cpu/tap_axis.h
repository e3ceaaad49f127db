#pragma once

#include <algorithm>
#include <cstdint>

#include "backend/cpu/conv_shape.h"

// One axis (rows or columns) of a convolution, seen from the result that is gathered.
namespace intact::cpu {

/// Which input an output reads through tap k.
struct ForwardAxis {
  int64_t stride = 1;
  int64_t pad = 0;
  int64_t dilation = 1;
  int64_t size = 0;  // of the source

  bool find(int64_t result, int64_t k, int64_t& source) const {
    source = result * stride - pad + k * dilation;
    return source >= 0 && source < size;
  }
  // Results r and r + result_step() read the same taps (away from the border), source_step() apart.
  int64_t result_step() const { return 1; }
  int64_t source_step() const { return stride; }
};

/// Which output read an input through tap k.
struct BackwardAxis {
  int64_t stride = 1;
  int64_t pad = 0;
  int64_t dilation = 1;
  int64_t size = 0;

  bool find(int64_t result, int64_t k, int64_t& source) const {
    const int64_t scaled = result + pad - k * dilation;
    // Divisions by a variable cost more than the taps of a pixel; strides are 1 and 2 as a rule.
    source = stride == 1 ? scaled : stride == 2 ? scaled >> 1 : scaled / stride;
    return scaled >= 0 && source * stride == scaled && source < size;
  }
  int64_t result_step() const { return stride; }
  int64_t source_step() const { return 1; }
};

inline ForwardAxis forward_rows(const ConvShape& s) {
  return {s.stride_h, s.pad_top, s.dilation_h, s.h};
}
inline ForwardAxis forward_columns(const ConvShape& s) {
  return {s.stride_w, s.pad_left, s.dilation_w, s.w};
}
inline BackwardAxis backward_rows(const ConvShape& s) {
  return {s.stride_h, s.pad_top, s.dilation_h, s.oh};
}
inline BackwardAxis backward_columns(const ConvShape& s) {
  return {s.stride_w, s.pad_left, s.dilation_w, s.ow};
}

template <class Axis>
bool same_taps(const Axis& axis, int64_t taps, int64_t a, int64_t b) {
  int64_t source = 0;
  for (int64_t k = 0; k < taps; ++k) {
    if (axis.find(a, k, source) != axis.find(b, k, source)) {
      return false;
    }
  }
  return true;
}

/// The taps a result reads: k = first, first + step, ..., at source, source + source_step, ...
struct TapsOfResult {
  int64_t count = 0;
  int64_t first = 0;
  int64_t step = 0;
  int64_t source = 0;
  int64_t source_step = 0;
};

template <class Axis>
TapsOfResult taps_of(const Axis& axis, int64_t taps, int64_t result) {
  TapsOfResult out;
  for (int64_t k = 0, source = 0; k < taps; ++k) {
    if (!axis.find(result, k, source)) {
      continue;
    }
    if (out.count == 0) {
      out.first = k;
      out.source = source;
    } else if (out.count == 1) {
      out.step = k - out.first;
      out.source_step = source - out.source;
    }
    ++out.count;
  }
  return out;
}

/// body(first, count) for runs of results first, first + result_step(), ... with the same valid
/// taps, until all of [0,results) were visited.
template <class Axis, class Body>
void for_runs(const Axis& axis, int64_t taps, int64_t results, const Body& body) {
  const int64_t step = axis.result_step();
  for (int64_t phase = 0; phase < std::min(step, results); ++phase) {
    for (int64_t first = phase; first < results;) {
      int64_t end = first + step;
      while (end < results && same_taps(axis, taps, first, end)) {
        end += step;
      }
      body(first, (end - first) / step);
      first = end;
    }
  }
}

}  // namespace intact::cpu
