#include "backend/cpu/float_gemm.h"

#include <algorithm>

#include "backend/cpu/transpose.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/float_gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/load_first-inl.h"
#include "backend/cpu/quantize-inl.h"
#include "backend/cpu/simd-inl.h"

// Columns of b are packed into a panel [k][kVectors vectors], which all rows of a then multiply; a
// is read where it lies. The panel of a block of k stays in the second-level cache.
HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

constexpr int kTileRows = 6;
#if HWY_TARGET == HWY_AVX2
constexpr int kTileVectors = 2;  // 12 sums of 16 registers
#else
constexpr int kTileVectors = 4;  // 24 of 32
#endif

// A block of the product: depth rows of the panel, columns of c from `column` on.
struct Block {
  int64_t column;
  int64_t columns;  // that exist; the panel holds 0 behind them
  int64_t begin;    // of k
  int64_t depth;
  bool accumulates;
};

template <int kRows, int kVectors>
HWY_INLINE void tile(const FloatGemm& g, const Block& block, int64_t row, const float* panel) {
  const Vector d;
  const int64_t lanes = lane_count();
  const int64_t row_step = g.transpose_a ? 1 : g.lda;
  const int64_t k_step = g.transpose_a ? g.lda : 1;
  const float* a = g.a + row * row_step + block.begin * k_step;
  VectorOf<Vector> sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      sums[r][v] = hn::Zero(d);
    }
  }
  for (int64_t k = 0; k < block.depth; ++k) {
    VectorOf<Vector> b[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      b[v] = hn::LoadU(d, panel + v * lanes);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const auto x = hn::Set(d, a[r * row_step]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        sums[r][v] = hn::MulAdd(x, b[v], sums[r][v]);
      }
    }
    panel += kVectors * lanes;
    a += k_step;
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    float* c = g.c + (row + r) * g.ldc + block.column;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const int64_t left = std::clamp<int64_t>(block.columns - v * lanes, 0, lanes);
      const auto mask = hn::FirstN(d, static_cast<size_t>(left));
      float* out = c + v * lanes;
      if (block.accumulates) {
        sums[r][v] = hn::Add(sums[r][v], load_first(d, out, static_cast<size_t>(left), mask));
      }
      hn::BlendedStore(sums[r][v], mask, d, out);
    }
  }
}

// panel [depth][width] of b's columns from block.column on.
HWY_INLINE void pack(const FloatGemm& g, const Block& block, int64_t width, float* panel) {
  const int64_t columns = std::min(block.columns, width);
  if (columns < width) {
    std::fill_n(panel, block.depth * width, 0.0f);
  }
  if (g.b_codes == nullptr && g.transpose_b) {
    const float* from = g.b + block.column * g.ldb + block.begin;
    return transpose_block(columns, block.depth, from, g.ldb, panel, width);
  }
  for (int64_t k = 0; k < block.depth; ++k) {
    const int64_t row = block.begin + k;
    const int64_t first = row * g.ldb + block.column;
    float* to = panel + k * width;
    if (g.b_codes == nullptr) {
      for_lanes(0, columns, [&](auto d, int64_t i) HWY_ATTR {
        hn::StoreU(hn::LoadU(d, g.b + first + i), d, to + i);
      });
      continue;
    }
    const float scale = g.b_scale[row * g.b_scale_step];
    for_lanes(0, columns, [&](auto d, int64_t i) HWY_ATTR {
      const auto code = load_float_codes(d, g.b_codes + first + i);
      hn::StoreU(real_of(d, code, hn::Set(d, scale), g.b_max), d, to + i);
    });
  }
}

// Asks for what the next panel is packed from, a piece before each tile, so that it has arrived
// when it is packed.
class NextPanel {
 public:
  NextPanel(const FloatGemm& g, const Block& next, int64_t width, int64_t tiles) {
    if (next.columns <= 0) {
      return;
    }
    const int64_t columns = std::min(next.columns, width);
    const bool is_transposed = g.b_codes == nullptr && g.transpose_b;
    const int64_t item = g.b_codes == nullptr ? sizeof(float) : 1;
    const auto* b = g.b_codes == nullptr ? reinterpret_cast<const char*>(g.b)
                                         : reinterpret_cast<const char*>(g.b_codes);
    stride_ = g.ldb * item;
    rows_ = is_transposed ? columns : next.depth;
    row_bytes_ = (is_transposed ? next.depth : columns) * item;
    from_ =
        b + (is_transposed ? next.column * g.ldb + next.begin : next.begin * g.ldb + next.column) *
                item;
    rows_a_time_ = (rows_ + tiles - 1) / std::max<int64_t>(tiles, 1);
  }

  void fetch_piece() {
    const int64_t end = std::min(row_ + rows_a_time_, rows_);
    for (; row_ < end; ++row_) {
      const char* row = from_ + row_ * stride_;
      for (int64_t byte = 0; byte < row_bytes_; byte += 64) {
        __builtin_prefetch(row + byte, 0, 2);
      }
    }
  }

 private:
  const char* from_ = nullptr;
  int64_t stride_ = 0;
  int64_t rows_ = 0;
  int64_t row_bytes_ = 0;
  int64_t rows_a_time_ = 0;
  int64_t row_ = 0;
};

template <int kVectors>
HWY_INLINE void rows_of(const FloatGemm& g,
                        const Block& block,
                        const float* panel,
                        NextPanel& next) {
  int64_t row = 0;
  for (; row + kTileRows <= g.m; row += kTileRows) {
    next.fetch_piece();
    tile<kTileRows, kVectors>(g, block, row, panel);
  }
  for (; row + 4 <= g.m; row += 4) {
    tile<4, kVectors>(g, block, row, panel);
  }
  for (; row + 2 <= g.m; row += 2) {
    tile<2, kVectors>(g, block, row, panel);
  }
  if (row < g.m) {
    tile<1, kVectors>(g, block, row, panel);
  }
}

template <int kVectors>
HWY_INLINE void columns_of(
    const FloatGemm& g, const FloatGemmRows* rows, int64_t count, Block block, float* panel) {
  const int64_t width = kVectors * lane_count();
  pack(g, block, width, panel);
  Block following = block;
  following.column += width;
  following.columns -= width;
  if (following.columns <= 0) {
    following.column = 0;
    following.begin += kFloatGemmDepth;
    following.depth = std::min(kFloatGemmDepth, g.k - following.begin);
    following.columns = following.depth > 0 ? g.n : 0;
  }
  NextPanel next(g, following, width, count * (g.m / kTileRows));
  FloatGemm one = g;
  for (int64_t i = 0; i < count; ++i) {
    one.a = rows[i].a;
    one.c = rows[i].c;
    block.accumulates = block.begin > 0 || rows[i].beta != 0.0f;
    rows_of<kVectors>(one, block, panel, next);
  }
}

void float_gemm_target(const FloatGemm& g, const FloatGemmRows* rows, int64_t count, float* panel) {
  const int64_t lanes = lane_count();
  for (int64_t begin = 0; begin < g.k; begin += kFloatGemmDepth) {
    Block block{.column = 0,
                .columns = g.n,
                .begin = begin,
                .depth = std::min(kFloatGemmDepth, g.k - begin),
                .accumulates = false};
    while (block.columns > 0) {
      int64_t width = lanes;
      if (block.columns > kTileVectors * lanes / 2) {
        columns_of<kTileVectors>(g, rows, count, block, panel);
        width = kTileVectors * lanes;
      } else if (block.columns > lanes) {
        columns_of<2>(g, rows, count, block, panel);
        width = 2 * lanes;
      } else {
        columns_of<1>(g, rows, count, block, panel);
      }
      block.column += width;
      block.columns -= width;
    }
  }
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(float_gemm_target);

int64_t float_gemm_panel_floats(int64_t k) {
  constexpr int64_t kWidest = 64;
  return std::min(k, kFloatGemmDepth) * kWidest;
}

void float_gemm(const FloatGemm& gemm, float* panel) {
  if (gemm.m == 0 || gemm.n == 0) {
    return;
  }
  const FloatGemmRows rows{.a = gemm.a, .c = gemm.c, .beta = gemm.beta};
  float_gemm_rows(gemm, &rows, 1, panel);
}

void float_gemm_rows(const FloatGemm& gemm,
                     const FloatGemmRows* rows,
                     int64_t count,
                     float* panel) {
  HWY_DYNAMIC_DISPATCH(float_gemm_target)(gemm, rows, count, panel);
}

}  // namespace intact::cpu
#endif
