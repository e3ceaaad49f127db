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

constexpr int64_t kLineBytes = 64;

// Into the second-level cache, without waiting.
HWY_INLINE void fetch(const void* address) {
  __builtin_prefetch(address, 0, 2);
}

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

// Where a tile reads op(b): a packed panel, or b's own rows, which it packs on the way.
struct PackedPanel {
  const float* panel;

  template <int kVectors>
  HWY_INLINE void load(VectorOf<Vector> (&b)[kVectors]) {
    const Vector d;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      b[v] = hn::LoadU(d, panel + v * lane_count());
    }
    panel += kVectors * lane_count();
  }
};

struct RowsToPack {
  const float* rows;
  int64_t stride;
  float* panel;

  template <int kVectors>
  HWY_INLINE void load(VectorOf<Vector> (&b)[kVectors]) {
    const Vector d;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      b[v] = hn::LoadU(d, rows + v * lane_count());
      hn::StoreU(b[v], d, panel + v * lane_count());
    }
    rows += stride;
    panel += kVectors * lane_count();
  }
};

// The same, through the activation of b's columns.
template <Activation kActivation>
struct RowsToActivate {
  const float* rows;
  int64_t stride;
  const float* slope;
  const float* shift;
  float* panel;

  template <int kVectors>
  HWY_INLINE void load(VectorOf<Vector> (&b)[kVectors]) {
    const Vector d;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const int64_t i = v * lane_count();
      const auto product = hn::Mul(hn::LoadU(d, slope + i), hn::LoadU(d, rows + i));
      b[v] = activate<kActivation>(d, hn::Add(product, hn::LoadU(d, shift + i)));
      hn::StoreU(b[v], d, panel + i);
    }
    rows += stride;
    panel += kVectors * lane_count();
  }
};

template <int kRows, int kVectors, class Panel>
HWY_INLINE void tile(const FloatGemm& g, const Block& block, int64_t row, Panel panel) {
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
    panel.load(b);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const auto x = hn::Set(d, a[r * row_step]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        sums[r][v] = hn::MulAdd(x, b[v], sums[r][v]);
      }
    }
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

// A row of a panel: b's columns from `first` on.
HWY_INLINE void pack_activated(
    const ColumnActivation& of, int64_t first, int64_t columns, const float* from, float* to) {
  const float* slope = of.slope + first;
  const float* shift = of.shift + first;
  with_activation(of.activation, [&]<Activation kActivation>() HWY_ATTR {
    for_lanes(0, columns, [&](auto d, int64_t i) HWY_ATTR {
      const auto product = hn::Mul(hn::LoadU(d, slope + i), hn::LoadU(d, from + i));
      const auto z = hn::Add(product, hn::LoadU(d, shift + i));
      hn::StoreU(activate<kActivation>(d, z), d, to + i);
    });
  });
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
    if (g.b_activation.slope != nullptr) {
      pack_activated(g.b_activation, block.column, columns, g.b + first, to);
      continue;
    }
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
    if (next.columns <= 0 || g.packed_b != nullptr) {
      return;
    }
    const int64_t columns = std::min(next.columns, width);
    const bool is_transposed = g.b_codes == nullptr && g.transpose_b;
    const int64_t item = g.b_codes == nullptr ? sizeof(float) : 1;
    const auto* b = g.b_codes == nullptr ? reinterpret_cast<const char*>(g.b)
                                         : reinterpret_cast<const char*>(g.b_codes);
    const int64_t first =
        is_transposed ? next.column * g.ldb + next.begin : next.begin * g.ldb + next.column;
    from_ = b + first * item;
    stride_ = g.ldb * item;
    rows_ = is_transposed ? columns : next.depth;
    row_bytes_ = (is_transposed ? next.depth : columns) * item;
    rows_a_time_ = (rows_ + tiles - 1) / std::max<int64_t>(tiles, 1);
  }

  void fetch_piece() {
    const int64_t end = std::min(row_ + rows_a_time_, rows_);
    for (; row_ < end; ++row_) {
      const char* row = from_ + row_ * stride_;
      for (int64_t byte = 0; byte < row_bytes_; byte += kLineBytes) {
        fetch(row + byte);
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

// Asks for the rows of a, not transposed, that the tile from `row` on multiplies.
HWY_INLINE void fetch_tile_rows(const FloatGemm& g, const Block& block, int64_t row) {
  for (const int64_t end = std::min<int64_t>(row + kTileRows, g.m); row < end; ++row) {
    for (int64_t k = 0; k < block.depth; k += kLineBytes / static_cast<int64_t>(sizeof(float))) {
      fetch(g.a + row * g.lda + block.begin + k);
    }
  }
}

// The product's rows from `row` on.
template <int kVectors>
HWY_INLINE void rows_of(
    const FloatGemm& g, const Block& block, int64_t row, PackedPanel panel, NextPanel& next) {
  for (; row + kTileRows <= g.m; row += kTileRows) {
    next.fetch_piece();
    if (g.packed_b != nullptr && block.column == 0 && !g.transpose_a) {
      fetch_tile_rows(g, block, row + kTileRows);
    }
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

// The first tile of a panel, which packs it.
template <int kVectors>
HWY_INLINE void pack_and_multiply(const FloatGemm& g, const Block& block, float* panel) {
  const float* from = g.b + block.begin * g.ldb + block.column;
  const auto [slope, shift, activation] = g.b_activation;
  if (slope == nullptr) {
    return tile<kTileRows, kVectors>(g, block, 0, RowsToPack{from, g.ldb, panel});
  }
  with_activation(activation, [&, slope = slope, shift = shift]<Activation kActivation>() HWY_ATTR {
    const RowsToActivate<kActivation> rows{
        from, g.ldb, slope + block.column, shift + block.column, panel};
    tile<kTileRows, kVectors>(g, block, 0, rows);
  });
}

// The block after `block`, whose panel is `width` wide; without columns if there is none.
HWY_INLINE Block next_block(const FloatGemm& g, Block block, int64_t width) {
  block.column += width;
  block.columns -= width;
  if (block.columns <= 0) {
    block.column = 0;
    block.begin += kFloatGemmDepth;
    block.depth = std::min(kFloatGemmDepth, g.k - block.begin);
    block.columns = block.depth > 0 ? g.n : 0;
  }
  return block;
}

// body(vectors, block) for the panels in order.
template <class Body>
HWY_INLINE void for_panels(const FloatGemm& g, Block block, const Body& body) {
  const int64_t lanes = lane_count();
  while (block.columns > 0) {
    int64_t width = lanes;
    if (block.columns > kTileVectors * lanes / 2) {
      body(VectorCount<kTileVectors>(), block);
      width = kTileVectors * lanes;
    } else if (block.columns > lanes) {
      body(VectorCount<2>(), block);
      width = 2 * lanes;
    } else {
      body(VectorCount<1>(), block);
    }
    block = next_block(g, block, width);
  }
}

HWY_INLINE Block first_block(const FloatGemm& g, int64_t begin) {
  return {.column = 0,
          .columns = g.n,
          .begin = begin,
          .depth = std::min(kFloatGemmDepth, g.k - begin),
          .accumulates = false};
}

HWY_INLINE int64_t panel_offset(const FloatGemm& g, const Block& block) {
  return packed_panels_floats(g.n, block.begin) + block.column * block.depth;
}

template <int kVectors>
HWY_INLINE void columns_of(const FloatGemm& g,
                           const FloatGemmRows* rows,
                           int64_t count,
                           const FloatGemm* following,
                           Block block,
                           float* panel) {
  const int64_t width = kVectors * lane_count();
  const bool packs_on_the_way = g.packed_b == nullptr && g.b_codes == nullptr && !g.transpose_b &&
                                block.columns >= width && g.m >= kTileRows;
  const float* packed = panel;
  if (g.packed_b != nullptr) {
    packed = g.packed_b + panel_offset(g, block);
  } else if (!packs_on_the_way) {
    pack(g, block, width, panel);
  }
  const Block block_after = next_block(g, block, width);
  const bool is_last = block_after.columns <= 0 && following != nullptr;
  NextPanel next(is_last ? *following : g,
                 is_last ? first_block(*following, 0) : block_after,
                 width,
                 count * (g.m / kTileRows));
  FloatGemm one = g;
  for (int64_t i = 0; i < count; ++i) {
    one.a = rows[i].a;
    one.c = rows[i].c;
    block.accumulates = block.begin > 0 || rows[i].beta != 0.0f;
    int64_t row = 0;
    if (i == 0 && packs_on_the_way) {
      next.fetch_piece();
      pack_and_multiply<kVectors>(one, block, panel);
      row = kTileRows;
    }
    rows_of<kVectors>(one, block, row, {packed}, next);
  }
}

void float_gemm_target(const FloatGemm& g,
                       const FloatGemmRows* rows,
                       int64_t count,
                       const FloatGemm* following,
                       float* panel) {
  for_panels(g, first_block(g, 0), [&](auto vectors, const Block& block) HWY_ATTR {
    columns_of<decltype(vectors)::value>(g, rows, count, following, block, panel);
  });
}

void pack_panels_target(const FloatGemm& g, int64_t begin, float* packed) {
  for_panels(g, first_block(g, begin), [&](auto vectors, const Block& block) HWY_ATTR {
    if (block.begin == begin) {
      pack(g, block, decltype(vectors)::value * lane_count(), packed + panel_offset(g, block));
    }
  });
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(float_gemm_target);
HWY_EXPORT(pack_panels_target);

int64_t float_gemm_panel_floats(int64_t k) {
  return packed_panels_floats(1, std::min(k, kFloatGemmDepth));
}

int64_t packed_panels_floats(int64_t n, int64_t k) {
  constexpr int64_t kWidest = 64;
  return (n + kWidest - 1) / kWidest * kWidest * k;
}

void pack_panels(const FloatGemm& gemm, int64_t begin, float* packed) {
  HWY_DYNAMIC_DISPATCH(pack_panels_target)(gemm, begin, packed);
}

void float_gemm(const FloatGemm& gemm, float* panel, const FloatGemm* following) {
  if (gemm.m == 0 || gemm.n == 0) {
    return;
  }
  const FloatGemmRows rows{.a = gemm.a, .c = gemm.c, .beta = gemm.beta};
  HWY_DYNAMIC_DISPATCH(float_gemm_target)(gemm, &rows, 1, following, panel);
}

void float_gemm_rows(const FloatGemm& gemm,
                     const FloatGemmRows* rows,
                     int64_t count,
                     float* panel) {
  HWY_DYNAMIC_DISPATCH(float_gemm_target)(gemm, rows, count, nullptr, panel);
}

}  // namespace intact::cpu
#endif
