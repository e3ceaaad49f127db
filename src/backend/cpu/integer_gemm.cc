#define HWY_WANT_AVX3_DL 1  // VNNI

#include "backend/cpu/integer_gemm.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "backend/cpu/parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/integer_gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/integer_dot-inl.h"
#include "tensor/affine_quantize.h"

// Packed: for groups of 16 columns int32 bias [16], int32 sums of the weights [16], then depth/4
// blocks of [16 columns][4 weights].
HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

inline int64_t group_bytes(int64_t depth) {
  return 16 * (depth + 8);
}

inline int32_t code_at(const IntegerGemm& gemm, int64_t index) {
  return gemm.type == CodeType::Signed8 ? static_cast<int8_t>(gemm.a[index]) : gemm.a[index];
}

// Any weights, -128 too.
void plain_columns(const IntegerGemm& gemm, int64_t begin, int64_t end) {
  const Requantize& r = gemm.requantize;
  for (int64_t row = 0; row < gemm.m; ++row) {
    for (int64_t column = begin; column < end; ++column) {
      const int8_t* group = gemm.weights.data + column / 16 * group_bytes(gemm.weights.depth);
      const int8_t* w = group + 128 + column % 16 * 4;
      int32_t sum = 0;
      std::memcpy(&sum, group + column % 16 * 4, sizeof(sum));
      for (int64_t k = 0; k < gemm.weights.depth; ++k) {
        sum += code_at(gemm, row * gemm.lda + k) * w[k / 4 * 64 + k % 4];
      }
      const int64_t y = row * gemm.weights.n + column;
      if (gemm.codes != nullptr) {
        gemm.codes[y] =
            static_cast<uint8_t>(requantize(sum, r.multiplier[column], r.zero_point, {r.lo, r.hi}));
      } else {
        gemm.reals[y] = std::clamp(static_cast<float>(sum) * r.multiplier[column], r.low, r.high);
      }
    }
  }
}

#if INTACT_DOT_LANES

constexpr int64_t kLanes = INTACT_DOT_LANES;
constexpr int64_t kVectorsOfGroup = 16 / kLanes;

struct Limits {
  RealVector low;
  RealVector high;
  IntVector zero_point;
};

// [kRows, kVectors * kLanes] results, of which `columns` exist. All loops but the one over k
// unroll, so that the sums stay in registers.
template <Product kProduct, int kRows, int kVectors>
HWY_INLINE void tile(
    const IntegerGemm& gemm, const Limits& limits, int64_t row, int64_t column, int64_t columns) {
  const int64_t depth = gemm.weights.depth;
  const int64_t stride = group_bytes(depth);
  const int8_t* first = gemm.weights.data + column / 16 * stride + column % 16 * 4;
  const uint8_t* a = gemm.a + row * gemm.lda;
  IntVector sums[kRows][kVectors];
  const int8_t* b[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    b[v] = first + v / kVectorsOfGroup * stride + v % kVectorsOfGroup * kLanes * 4;
    const IntVector start = start_of<kProduct>(load_block(b[v]), load_block(b[v] + 64));
    b[v] += 128;
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      sums[r][v] = start;
    }
  }
  for (int64_t k = 0; k < depth; k += 4) {
    IntVector w[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      w[v] = load_block(b[v] + k * 16);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const IntVector x = broadcast_four<kProduct>(a + r * gemm.lda + k);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        sums[r][v] = add_dot<kProduct>(sums[r][v], x, w[v]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    const int64_t y = (row + r) * gemm.weights.n + column;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const int64_t left = columns - v * kLanes;
      const RealVector values = scale_sums(sums[r][v],
                                           gemm.requantize.multiplier + column + v * kLanes,
                                           left,
                                           limits.low,
                                           limits.high);
      if (gemm.codes != nullptr) {
        store_codes(values, limits.zero_point, left, gemm.codes + y + v * kLanes);
      } else {
        store_reals(values, left, gemm.reals + y + v * kLanes);
      }
    }
  }
}

template <Product kProduct, int kVectors>
HWY_INLINE void rows_of(const IntegerGemm& gemm,
                        const Limits& limits,
                        int64_t column,
                        int64_t columns) {
  int64_t row = 0;
  for (; row + kTileRows <= gemm.m; row += kTileRows) {
    tile<kProduct, kTileRows, kVectors>(gemm, limits, row, column, columns);
  }
  for (; row + 2 <= gemm.m; row += 2) {
    tile<kProduct, 2, kVectors>(gemm, limits, row, column, columns);
  }
  if (row < gemm.m) {
    tile<kProduct, 1, kVectors>(gemm, limits, row, column, columns);
  }
}

template <Product kProduct>
HWY_INLINE void columns_of(const IntegerGemm& gemm,
                           const Limits& limits,
                           int64_t begin,
                           int64_t end) {
  constexpr int64_t kWide = kTileVectors * kLanes;
  int64_t column = begin;
  for (; end - column > kWide / 2; column += kWide) {
    rows_of<kProduct, kTileVectors>(gemm, limits, column, end - column);
  }
  for (; end - column > kLanes; column += 2 * kLanes) {
    rows_of<kProduct, 2>(gemm, limits, column, end - column);
  }
  if (column < end) {
    rows_of<kProduct, 1>(gemm, limits, column, end - column);
  }
}

void integer_gemm_columns(const IntegerGemm& gemm, int64_t begin, int64_t end) {
  if (gemm.method == DotMethod::Plain && !kSumsInOneStep) {
    return plain_columns(gemm, begin, end);
  }
  const Requantize& r = gemm.requantize;
  const bool to_codes = gemm.codes != nullptr;
  const Limits limits = {set_real(to_codes ? static_cast<float>(r.lo - r.zero_point) : r.low),
                         set_real(to_codes ? static_cast<float>(r.hi - r.zero_point) : r.high),
                         set_int(r.zero_point)};
  switch (product_of(gemm.type, gemm.method)) {
    case Product::Direct:
      return columns_of<Product::Direct>(gemm, limits, begin, end);
    case Product::Flipped:
      if constexpr (kSumsInOneStep) {
        columns_of<Product::Flipped>(gemm, limits, begin, end);
      }
      return;
    case Product::Magnitude:
      if constexpr (!kSumsInOneStep) {
        columns_of<Product::Magnitude>(gemm, limits, begin, end);
      }
      return;
    case Product::FlippedMagnitude:
      if constexpr (!kSumsInOneStep) {
        columns_of<Product::FlippedMagnitude>(gemm, limits, begin, end);
      }
      return;
  }
}

const char* target_name() {
  return kSumsInOneStep ? "avx512vnni" : kLanes == 16 ? "avx512" : "avx2";
}

#else

void integer_gemm_columns(const IntegerGemm& gemm, int64_t begin, int64_t end) {
  plain_columns(gemm, begin, end);
}

const char* target_name() {
  return "scalar";
}

#endif

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(integer_gemm_columns);
HWY_EXPORT(target_name);

namespace {

constexpr int64_t kGroup = 16;

int64_t bytes_of_group(int64_t depth) {
  return kGroup * (depth + 8);
}

struct Cut {
  int64_t rows = 1;
  int64_t columns = 1;
};

// Sums are exact, so any cut gives the same bits. Parts are worth a thread's start; those of rows
// come first, for each reads all weights.
Cut cut_of(const IntegerGemm& gemm) {
  const int64_t work = gemm.m * gemm.weights.n * gemm.weights.depth;
  const int64_t wanted = std::clamp<int64_t>(work >> 18, 1, 16);
  Cut cut;
  while (cut.rows * 2 <= wanted && gemm.m / (2 * cut.rows) >= 48) {
    cut.rows *= 2;
  }
  while (cut.rows * cut.columns * 2 <= wanted && gemm.weights.n / (2 * cut.columns) >= 64) {
    cut.columns *= 2;
  }
  return cut;
}

}  // namespace

int64_t packed_weights_depth(int64_t k) {
  return (k + 3) / 4 * 4;
}

int64_t packed_weights_bytes(int64_t n, int64_t k) {
  return ceil_div(n, kGroup) * bytes_of_group(packed_weights_depth(k));
}

void pack_weights(int64_t n, int64_t k, const int8_t* w, const int32_t* bias, int8_t* packed) {
  const int64_t depth = packed_weights_depth(k);
  std::fill_n(packed, packed_weights_bytes(n, k), int8_t{0});
  for (int64_t row = 0; row < n; ++row) {
    int8_t* group = packed + row / kGroup * bytes_of_group(depth);
    int8_t* blocks = group + 8 * kGroup + row % kGroup * 4;
    const int8_t* codes = w + row * k;
    for (int64_t i = 0; i < k; i += 4) {
      std::memcpy(blocks + i * 16, codes + i, static_cast<size_t>(std::min<int64_t>(k - i, 4)));
    }
    const int32_t sum = std::accumulate(codes, codes + k, 0);
    std::memcpy(group + row % kGroup * 4, bias + row, 4);
    std::memcpy(group + 4 * kGroup + row % kGroup * 4, &sum, 4);
  }
}

void integer_gemm(const IntegerGemm& gemm) {
  HWY_DYNAMIC_DISPATCH(integer_gemm_columns)(gemm, 0, gemm.weights.n);
}

void parallel_integer_gemm(const IntegerGemm& gemm) {
  const Cut cut = cut_of(gemm);
  const int64_t n = gemm.weights.n;
  parallel_for(cut.rows * cut.columns, [&](int64_t part) {
    const Range rows = split_in_units(gemm.m, 12, cut.rows, part / cut.columns);
    const Range columns = split_in_units(n, 64, cut.columns, part % cut.columns);
    IntegerGemm piece = gemm;
    piece.m = rows.end - rows.begin;
    piece.a += rows.begin * gemm.lda;
    piece.codes = gemm.codes == nullptr ? nullptr : gemm.codes + rows.begin * n;
    piece.reals = gemm.reals == nullptr ? nullptr : gemm.reals + rows.begin * n;
    HWY_DYNAMIC_DISPATCH(integer_gemm_columns)(piece, columns.begin, columns.end);
  });
}

const char* integer_gemm_target() {
  return HWY_DYNAMIC_DISPATCH(target_name)();
}

}  // namespace intact::cpu
#endif
