#include "backend/cpu/pool.h"

#include <algorithm>

#include "backend/cpu/parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/pool.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

struct Span {
  int64_t begin, end;
};

inline Span window(bool adaptive,
                   int64_t out,
                   int64_t outputs,
                   int64_t size,
                   int64_t kernel,
                   int64_t stride,
                   int64_t pad) {
  if (adaptive) {
    return {out * size / outputs, ((out + 1) * size + outputs - 1) / outputs};
  }
  const int64_t first = out * stride - pad;
  return {std::max<int64_t>(first, 0), std::min(first + kernel, size)};
}

inline Span row_window(const PoolShape& s, int64_t oy) {
  return window(s.adaptive, oy, s.oh, s.h, s.kh, s.stride_h, s.pad_top);
}

inline Span column_window(const PoolShape& s, int64_t ox) {
  return window(s.adaptive, ox, s.ow, s.w, s.kw, s.stride_w, s.pad_left);
}

inline float average_factor(const PoolShape& s, const Span& rows, const Span& columns) {
  const int64_t clipped = (rows.end - rows.begin) * (columns.end - columns.begin);
  return static_cast<float>(s.exclusive || s.adaptive ? clipped : s.kh * s.kw);
}

// visit(offset of the pixel in an image) for every pixel of the window, in row order.
template <class Visit>
HWY_INLINE void for_window(const PoolShape& s,
                           const Span& rows,
                           const Span& columns,
                           const Visit& visit) {
  for (int64_t y = rows.begin; y < rows.end; ++y) {
    for (int64_t x = columns.begin; x < columns.end; ++x) {
      visit((y * s.w + x) * s.c);
    }
  }
}

// body(image, offset of the output pixel, rows, columns) for output rows [begin,end) of n*oh.
template <class Body>
HWY_INLINE void for_outputs(const PoolShape& s, int64_t begin, int64_t end, const Body& body) {
  for (int64_t row = begin; row < end; ++row) {
    const Span rows = row_window(s, row % s.oh);
    for (int64_t ox = 0; ox < s.ow; ++ox) {
      body(row / s.oh, (row * s.ow + ox) * s.c, rows, column_window(s, ox));
    }
  }
}

void max_forward_rows(const PoolShape& s, int64_t begin, int64_t end, const float* x, float* y) {
  for_outputs(s, begin, end, [&](int64_t n, int64_t out, Span rows, Span columns) HWY_ATTR {
    const float* image = x + n * s.h * s.w * s.c;
    for_lanes(0, s.c, [&](auto d, int64_t c) HWY_ATTR {
      auto max = hn::Set(d, -3.402823466e+38f);
      for_window(s, rows, columns, [&](int64_t offset) HWY_ATTR {
        max = hn::Max(max, hn::LoadU(d, image + offset + c));
      });
      hn::StoreU(max, d, y + out + c);
    });
  });
}

void max_backward_rows(const PoolShape& s,
                       int64_t begin,
                       int64_t end,
                       const float* x,
                       const float* y,
                       const float* dy,
                       float* dx) {
  for_outputs(s, begin, end, [&](int64_t n, int64_t out, Span rows, Span columns) HWY_ATTR {
    const int64_t image = n * s.h * s.w * s.c;
    for_lanes(0, s.c, [&](auto d, int64_t c) HWY_ATTR {
      const auto max = hn::LoadU(d, y + out + c);
      auto rest = hn::LoadU(d, dy + out + c);  // 0 in lanes whose maximum was met
      for_window(s, rows, columns, [&](int64_t offset) HWY_ATTR {
        const int64_t i = image + offset + c;
        const auto is_max = hn::Eq(hn::LoadU(d, x + i), max);
        hn::StoreU(hn::Add(hn::LoadU(d, dx + i), hn::IfThenElseZero(is_max, rest)), d, dx + i);
        rest = hn::IfThenZeroElse(is_max, rest);
      });
    });
  });
}

void average_forward_rows(
    const PoolShape& s, int64_t begin, int64_t end, const float* x, float* y) {
  for_outputs(s, begin, end, [&](int64_t n, int64_t out, Span rows, Span columns) HWY_ATTR {
    const float* image = x + n * s.h * s.w * s.c;
    const float count = average_factor(s, rows, columns);
    for_lanes(0, s.c, [&](auto d, int64_t c) HWY_ATTR {
      auto sum = hn::Zero(d);
      for_window(s, rows, columns, [&](int64_t offset) HWY_ATTR {
        sum = hn::Add(sum, hn::LoadU(d, image + offset + c));
      });
      hn::StoreU(hn::Div(sum, hn::Set(d, count)), d, y + out + c);
    });
  });
}

void average_backward_rows(
    const PoolShape& s, int64_t begin, int64_t end, const float* dy, float* dx) {
  for_outputs(s, begin, end, [&](int64_t n, int64_t out, Span rows, Span columns) HWY_ATTR {
    float* image = dx + n * s.h * s.w * s.c;
    const float count = average_factor(s, rows, columns);
    for_lanes(0, s.c, [&](auto d, int64_t c) HWY_ATTR {
      const auto share = hn::Div(hn::LoadU(d, dy + out + c), hn::Set(d, count));
      for_window(s, rows, columns, [&](int64_t offset) HWY_ATTR {
        hn::StoreU(hn::Add(hn::LoadU(d, image + offset + c), share), d, image + offset + c);
      });
    });
  });
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(max_forward_rows);
HWY_EXPORT(max_backward_rows);
HWY_EXPORT(average_forward_rows);
HWY_EXPORT(average_backward_rows);

namespace {

// body(begin, end) on parts of the n*oh output rows.
template <class Body>
void for_output_rows(const PoolShape& shape, const Body& body) {
  const int64_t rows = shape.n * shape.oh;
  const int64_t parts =
      row_parts(rows, shape.n * shape.h * shape.w * shape.c / std::max<int64_t>(rows, 1));
  parallel_for(parts, [&](int64_t part) {
    const Range range = split_evenly(rows, parts, part);
    body(range.begin, range.end);
  });
}

// Windows of one image may share inputs, so the backward pass is cut between images only. Clears
// dx, then calls body(begin, end) on the output rows of whole images.
template <class Body>
void for_image_rows(const PoolShape& shape, float* dx, const Body& body) {
  const int64_t size = shape.h * shape.w * shape.c;
  for_row_parts(shape.n, size, [&](int64_t begin, int64_t end) {
    std::fill(dx + begin * size, dx + end * size, 0.0f);
    body(begin * shape.oh, end * shape.oh);
  });
}

}  // namespace

void max_pool_forward(const PoolShape& shape, const float* x, float* y) {
  for_output_rows(shape, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(max_forward_rows)(shape, begin, end, x, y);
  });
}

void max_pool_backward(
    const PoolShape& shape, const float* x, const float* y, const float* dy, float* dx) {
  for_image_rows(shape, dx, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(max_backward_rows)(shape, begin, end, x, y, dy, dx);
  });
}

void avg_pool_forward(const PoolShape& shape, const float* x, float* y) {
  for_output_rows(shape, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(average_forward_rows)(shape, begin, end, x, y);
  });
}

void avg_pool_backward(const PoolShape& shape, const float* dy, float* dx) {
  for_image_rows(shape, dx, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(average_backward_rows)(shape, begin, end, dy, dx);
  });
}

}  // namespace intact::cpu
#endif
