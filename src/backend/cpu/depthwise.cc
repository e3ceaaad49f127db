#include "backend/cpu/depthwise.h"

#include "backend/cpu/code_conv.h"
#include "backend/cpu/gather.h"
#include "backend/cpu/parts.h"
#include "backend/cpu/tap_order.h"
#include "backend/cpu/transpose.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/depthwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/depthwise_window-inl.h"
#include "backend/cpu/quantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

struct Floats {
  const float* x;

  template <class D>
  HWY_INLINE VectorOf<D> load(D d, int64_t index) const {
    return hn::LoadU(d, x + index);
  }
};

struct Codes {
  const int8_t* x;

  template <class D>
  HWY_INLINE VectorOf<D> load(D d, int64_t index) const {
    return load_float_codes(d, x + index);
  }
};

struct Results {
  float* y;

  template <class D>
  HWY_INLINE void store(D d, VectorOf<D> sum, int64_t /*channel*/, int64_t index) const {
    hn::StoreU(sum, d, y + index);
  }
};

struct ScaledResults {
  const float* multiplier;
  float* y;

  template <class D>
  HWY_INLINE void store(D d, VectorOf<D> sum, int64_t channel, int64_t index) const {
    hn::StoreU(hn::Mul(sum, hn::LoadU(d, multiplier + channel)), d, y + index);
  }
};

void gather_float_rows(const Gather& gather,
                       int64_t channels,
                       int64_t begin,
                       int64_t end,
                       const float* x,
                       const float* w,
                       float* result) {
  gather_rows<1>(gather, channels, begin, end, Floats{x}, w, Results{result});
}

void gather_code_rows(const Gather& gather,
                      int64_t channels,
                      int64_t begin,
                      int64_t end,
                      const int8_t* x,
                      const float* w,
                      const float* multiplier,
                      float* result) {
  gather_rows<1>(gather, channels, begin, end, Codes{x}, w, ScaledResults{multiplier, result});
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(gather_float_rows);
HWY_EXPORT(gather_code_rows);

namespace {

constexpr int64_t kMinPartFloats = 4096;

// body(begin, end) on parts of the rows of n results.
template <class Body>
void for_result_rows(const Gather& gather, int64_t n, int64_t channels, const Body& body) {
  const int64_t rows = n * static_cast<int64_t>(gather.rows.size());
  const int64_t parts = row_parts(rows, gather.result_columns * channels, kMinPartFloats);
  parallel_for(parts, [&](int64_t part) {
    const Range range = split_evenly(rows, parts, part);
    body(range.begin, range.end);
  });
}

void gather_floats(const ConvShape& shape,
                   const Gather& gather,
                   const float* x,
                   const float* w,
                   float* result,
                   float* workspace) {
  transpose(shape.ci, shape.kh * shape.kw, w, workspace);
  for_result_rows(gather, shape.n, shape.ci, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(gather_float_rows)(gather, shape.ci, begin, end, x, workspace, result);
  });
}

}  // namespace

void depthwise_forward(
    const ConvShape& shape, const float* x, const float* w, float* y, float* workspace) {
  gather_floats(shape, forward_gather(shape), x, w, y, workspace);
}

void depthwise_backward_data(
    const ConvShape& shape, const float* dy, const float* w, float* dx, float* workspace) {
  gather_floats(shape, backward_gather(shape), dy, w, dx, workspace);
}

int64_t depthwise_codes_workspace_bytes(const ConvShape& shape) {
  return shape.ci * shape.kh * shape.kw * static_cast<int64_t>(sizeof(float));
}

void depthwise_codes_forward(const ConvShape& shape,
                             const int8_t* x,
                             const int8_t* w,
                             const float* multiplier,
                             float* y,
                             void* workspace) {
  auto* weights = static_cast<float*>(workspace);  // [kh*kw, C]
  split_taps(shape.ci, shape.kh * shape.kw, w, 1.0f, 1.0f, weights, shape.ci);
  const Gather gather = forward_gather(shape);
  for_result_rows(gather, shape.n, shape.ci, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(gather_code_rows)
    (gather, shape.ci, begin, end, x, weights, multiplier, y);
  });
}

}  // namespace intact::cpu
#endif
