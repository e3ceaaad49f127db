#include "backend/cpu/tap_order.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/tap_order.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/quantize-inl.h"
#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

constexpr int64_t kTaps = 9;
constexpr int64_t kColumns = 16;

// tile[tap][column] = codes[kTaps * column + tap]. Every ninth is every third of every third.
HWY_INLINE void split_nine(const int8_t* codes, int8_t (&tile)[kTaps][kColumns]) {
#if HWY_TARGET == HWY_SCALAR
  for (int64_t i = 0; i < kTaps * kColumns; ++i) {
    tile[i % kTaps][i / kTaps] = codes[i];
  }
#else
  const hn::FixedTag<int8_t, kColumns> d;
  HWY_ALIGN int8_t thirds[3][3 * kColumns];  // [r][i] = codes[3 * i + r]
  VectorOf<decltype(d)> first, second, third;
  for (int64_t j = 0; j < 3; ++j) {
    hn::LoadInterleaved3(d, codes + 3 * kColumns * j, first, second, third);
    hn::StoreU(first, d, thirds[0] + kColumns * j);
    hn::StoreU(second, d, thirds[1] + kColumns * j);
    hn::StoreU(third, d, thirds[2] + kColumns * j);
  }
  for (int64_t r = 0; r < 3; ++r) {
    hn::LoadInterleaved3(d, thirds[r], first, second, third);
    hn::StoreU(first, d, tile[r]);
    hn::StoreU(second, d, tile[3 + r]);
    hn::StoreU(third, d, tile[6 + r]);
  }
#endif
}

// write(tap, first column, codes, count) for runs of a tap's columns.
template <class Write>
HWY_INLINE void for_tap_runs(int64_t columns,
                             int64_t taps,
                             const int8_t* codes,
                             const Write& write) {
  int64_t column = 0;
  for (; taps == kTaps && column + kColumns <= columns; column += kColumns) {
    HWY_ALIGN int8_t tile[kTaps][kColumns];
    split_nine(codes + column * kTaps, tile);
    for (int64_t tap = 0; tap < kTaps; ++tap) {
      write(tap, column, tile[tap], kColumns);
    }
  }
  for (; column < columns; ++column) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      write(tap, column, codes + column * taps + tap, 1);
    }
  }
}

void split_codes(int64_t columns, int64_t taps, const int8_t* codes, int8_t* to, int64_t stride) {
  for_tap_runs(
      columns, taps, codes, [&](int64_t tap, int64_t column, const int8_t* run, int64_t count) {
        std::copy_n(run, count, to + tap * stride + column);
      });
}

void split_values(int64_t columns,
                  int64_t taps,
                  const int8_t* codes,
                  float scale,
                  float max,
                  float* to,
                  int64_t stride) {
  for_tap_runs(columns,
               taps,
               codes,
               [&](int64_t tap, int64_t column, const int8_t* run, int64_t count) HWY_ATTR {
                 float* out = to + tap * stride + column;
                 for_lanes(0, count, [&](auto d, int64_t i) HWY_ATTR {
                   const auto code = load_float_codes(d, run + i);
                   hn::StoreU(real_of(d, code, hn::Set(d, scale), max), d, out + i);
                 });
               });
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(split_codes);
HWY_EXPORT(split_values);

void split_taps(int64_t columns, int64_t taps, const int8_t* codes, int8_t* to, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(split_codes)(columns, taps, codes, to, stride);
}

void split_taps(int64_t columns,
                int64_t taps,
                const int8_t* codes,
                float scale,
                float max,
                float* to,
                int64_t stride) {
  HWY_DYNAMIC_DISPATCH(split_values)(columns, taps, codes, scale, max, to, stride);
}

}  // namespace intact::cpu
#endif
