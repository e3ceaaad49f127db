#include "backend/cpu/integer_pool.h"

#include <algorithm>

#include "backend/cpu/parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/integer_pool.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/integer_simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

struct PoolSpan {
  int64_t begin, end;
};

inline PoolSpan pool_span(bool adaptive,
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

// body(image's first code, output's offset, rows, columns) for output rows [begin,end) of n*oh.
template <class Body>
HWY_INLINE void for_windows(
    const PoolShape& s, int64_t begin, int64_t end, const uint8_t* x, const Body& body) {
  for (int64_t row = begin; row < end; ++row) {
    const PoolSpan rows = pool_span(s.adaptive, row % s.oh, s.oh, s.h, s.kh, s.stride_h, s.pad_top);
    for (int64_t ox = 0; ox < s.ow; ++ox) {
      const PoolSpan columns = pool_span(s.adaptive, ox, s.ow, s.w, s.kw, s.stride_w, s.pad_left);
      body(x + row / s.oh * s.h * s.w * s.c, (row * s.ow + ox) * s.c, rows, columns);
    }
  }
}

// combine(sum of the window so far, code) for the codes of a window, one channel a lane.
template <class Code, class D32, class V, class Combine>
HWY_INLINE V over_window(D32 d32,
                         const PoolShape& s,
                         const uint8_t* image,
                         PoolSpan rows,
                         PoolSpan columns,
                         V sum,
                         const Combine& combine) {
  const hn::Rebind<Code, D32> d8;
  for (int64_t y = rows.begin; y < rows.end; ++y) {
    for (int64_t x = columns.begin; x < columns.end; ++x) {
      const auto* codes = reinterpret_cast<const Code*>(image + (y * s.w + x) * s.c);
      sum = combine(sum, hn::PromoteTo(d32, hn::LoadU(d8, codes)));
    }
  }
  return sum;
}

void max_pool_rows(
    const PoolShape& s, CodeType type, int64_t begin, int64_t end, const uint8_t* x, uint8_t* y) {
  with_code_type(type, [&]<class Code>() HWY_ATTR {
    for_windows(
        s,
        begin,
        end,
        x,
        [&](const uint8_t* image, int64_t out, PoolSpan rows, PoolSpan columns) HWY_ATTR {
          for_lanes(0, s.c, [&](auto d, int64_t c) HWY_ATTR {
            const hn::Rebind<int32_t, decltype(d)> d32;
            const auto max = over_window<Code>(
                d32, s, image + c, rows, columns, hn::Set(d32, -128), [](auto a, auto b) HWY_ATTR {
                  return hn::Max(a, b);
                });
            store_as_codes(d, hn::ConvertTo(d, max), 0, y + out + c);
          });
        });
  });
}

void average_pool_rows(const PoolShape& s,
                       const AverageCodes& average,
                       int64_t begin,
                       int64_t end,
                       const uint8_t* x,
                       uint8_t* y) {
  with_code_type(average.type, [&]<class Code>() HWY_ATTR {
    for_windows(
        s,
        begin,
        end,
        x,
        [&](const uint8_t* image, int64_t out, PoolSpan rows, PoolSpan columns) HWY_ATTR {
          const int64_t inside = (rows.end - rows.begin) * (columns.end - columns.begin);
          const int64_t count = s.exclusive || s.adaptive ? inside : s.kh * s.kw;
          const float multiplier = average.x_step / (average.y_step * static_cast<float>(count));
          const auto start = static_cast<int32_t>(-inside * average.x_zero_point);
          for_lanes(0, s.c, [&](auto d, int64_t c) HWY_ATTR {
            const hn::Rebind<int32_t, decltype(d)> d32;
            const auto sum = over_window<Code>(
                d32, s, image + c, rows, columns, hn::Set(d32, start), [](auto a, auto b) HWY_ATTR {
                  return hn::Add(a, b);
                });
            const auto scaled = hn::Mul(hn::ConvertTo(d, sum), hn::Set(d, multiplier));
            const auto lo = hn::Set(d, static_cast<float>(average.lo - average.zero_point));
            const auto hi = hn::Set(d, static_cast<float>(average.hi - average.zero_point));
            store_as_codes(d, hn::Min(hn::Max(scaled, lo), hi), average.zero_point, y + out + c);
          });
        });
  });
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(max_pool_rows);
HWY_EXPORT(average_pool_rows);

namespace {

int64_t work_of_row(const PoolShape& s) {
  return s.h * s.w * s.c / std::max<int64_t>(s.oh, 1);
}

}  // namespace

void max_pool_codes(const PoolShape& s, CodeType type, const uint8_t* x, uint8_t* y) {
  for_row_parts(s.n * s.oh, work_of_row(s), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(max_pool_rows)(s, type, begin, end, x, y);
  });
}

void average_pool_codes(const PoolShape& s,
                        const AverageCodes& average,
                        const uint8_t* x,
                        uint8_t* y) {
  for_row_parts(s.n * s.oh, work_of_row(s), [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(average_pool_rows)(s, average, begin, end, x, y);
  });
}

}  // namespace intact::cpu
#endif
