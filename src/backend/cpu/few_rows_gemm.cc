#include "backend/cpu/few_rows_gemm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/few_rows_gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/load_first-inl.h"
#include "backend/cpu/simd-inl.h"

// Both operands lie along k, so a tile of products is a tile of dot products.
HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

constexpr int kRowsATime = 3;
constexpr int kColumnsATime = 4;

template <int kRows, int kColumns, class Load>
HWY_INLINE void add_products(const FloatGemm& g,
                             const float* a,
                             const float* b,
                             const Load& load,
                             VectorOf<Vector> (&sums)[kRows][kColumns]) {
  VectorOf<Vector> rows[kRows];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
    rows[r] = load(a + r * g.lda);
  }
#pragma GCC unroll 4
  for (int c = 0; c < kColumns; ++c) {
    const auto column = load(b + c * g.ldb);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      sums[r][c] = hn::MulAdd(rows[r], column, sums[r][c]);
    }
  }
}

template <int kRows, int kColumns>
HWY_INLINE void dot_tile(const FloatGemm& g, int64_t row, int64_t column) {
  const Vector d;
  const int64_t lanes = lane_count();
  const float* a = g.a + row * g.lda;
  const float* b = g.b + column * g.ldb;
  VectorOf<Vector> sums[kRows][kColumns];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int c = 0; c < kColumns; ++c) {
      sums[r][c] = hn::Zero(d);
    }
  }
  int64_t k = 0;
  for (; k + lanes <= g.k; k += lanes) {
    add_products(
        g, a + k, b + k, [&](const float* from) HWY_ATTR { return hn::LoadU(d, from); }, sums);
  }
  if (k < g.k) {
    const auto left = static_cast<size_t>(g.k - k);
    const auto mask = hn::FirstN(d, left);
    add_products(
        g,
        a + k,
        b + k,
        [&](const float* from) HWY_ATTR { return load_first(d, from, left, mask); },
        sums);
  }
  for (int r = 0; r < kRows; ++r) {
    float* c_row = g.c + (row + r) * g.ldc + column;
    for (int c = 0; c < kColumns; ++c) {
      const float sum = hn::GetLane(hn::SumOfLanes(d, sums[r][c]));
      c_row[c] = g.beta == 0.0f ? sum : c_row[c] + sum;
    }
  }
}

template <int kColumns>
HWY_INLINE void dot_columns(const FloatGemm& g, int64_t column) {
  int64_t row = 0;
  for (; row + kRowsATime <= g.m; row += kRowsATime) {
    dot_tile<kRowsATime, kColumns>(g, row, column);
  }
  for (; row < g.m; ++row) {
    dot_tile<1, kColumns>(g, row, column);
  }
}

void few_rows_gemm_target(const FloatGemm& g) {
  int64_t column = 0;
  for (; column + kColumnsATime <= g.n; column += kColumnsATime) {
    dot_columns<kColumnsATime>(g, column);
  }
  for (; column < g.n; ++column) {
    dot_columns<1>(g, column);
  }
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(few_rows_gemm_target);

void few_rows_gemm(const FloatGemm& gemm) {
  HWY_DYNAMIC_DISPATCH(few_rows_gemm_target)(gemm);
}

}  // namespace intact::cpu
#endif
