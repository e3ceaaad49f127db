#define HWY_WANT_AVX3_DL 1  // VNNI

#include "backend/cpu/code_gemm.h"

#include <algorithm>
#include <cstring>

#include "backend/cpu/parts.h"
#include "backend/cpu/transpose.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/code_gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/code_dot-inl.h"

// Packed: for groups of 16 columns, int32 sums of each column [16], then depth/4 blocks of [16
// columns][4 codes].
HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

inline int64_t group_bytes(int64_t depth) {
  return 16 * (depth + 4);
}

#if INTACT_HAS_CODE_DOT

constexpr int64_t kLanes = kDotLanes;  // columns of a vector
constexpr int64_t kVectorsOfGroup = 16 / kLanes;

// c [kRows, kVectors * kLanes], of which `columns` exist. All loops but the one over k unroll, so
// that the sums stay in registers.
template <CodeRange kRange, int kRows, int kVectors>
HWY_INLINE void tile(const CodeGemm& args, int64_t row, int64_t column, int64_t columns) {
  const int64_t stride = group_bytes(args.depth);
  const int8_t* first = args.packed + column / 16 * stride + column % 16 * 4;
  const int8_t* a = args.a + row * args.lda;
  DotVector sums[kRows][kVectors];
  const int8_t* b[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    b[v] = first + v / kVectorsOfGroup * stride + v % kVectorsOfGroup * kLanes * 4;
    const DotVector start = start_of<kRange>(load_codes(b[v]));
    b[v] += 64;
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      sums[r][v] = start;
    }
  }
  for (int64_t k = 0; k < args.depth; k += 4) {
    DotVector w[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      w[v] = load_codes(b[v] + k * 16);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const DotVector x = broadcast_codes<kRange>(a + r * args.lda + k);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        sums[r][v] = add_dot<kRange>(sums[r][v], x, w[v]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    float* c = args.c + (row + r) * args.ldc + column;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      store_scaled(
          sums[r][v], args.multiplier + column + v * kLanes, c + v * kLanes, columns - v * kLanes);
    }
  }
}

template <CodeRange kRange, int kVectors>
HWY_INLINE void rows_of(const CodeGemm& args, int64_t column, int64_t columns) {
  const int64_t m = args.m;
  int64_t row = 0;
  for (; row + kTileRows <= m; row += kTileRows) {
    tile<kRange, kTileRows, kVectors>(args, row, column, columns);
  }
  for (; row + 2 <= m; row += 2) {
    tile<kRange, 2, kVectors>(args, row, column, columns);
  }
  if (row < m) {
    tile<kRange, 1, kVectors>(args, row, column, columns);
  }
}

template <CodeRange kRange>
HWY_INLINE void all_columns(const CodeGemm& args) {
  const int64_t n = args.n;
  constexpr int64_t kWide = kTileVectors * kLanes;
  int64_t column = 0;
  for (; n - column > kWide / 2; column += kWide) {
    rows_of<kRange, kTileVectors>(args, column, n - column);
  }
  for (; n - column > kLanes; column += 2 * kLanes) {
    rows_of<kRange, 2>(args, column, n - column);
  }
  if (column < n) {
    rows_of<kRange, 1>(args, column, n - column);
  }
}

void code_gemm_target(const CodeGemm& args) {
  if (args.range == CodeRange::Unsigned7) {
    all_columns<CodeRange::Unsigned7>(args);
  } else {
    all_columns<CodeRange::Signed8>(args);
  }
}

#else

void code_gemm_target(const CodeGemm& args) {
  for (int64_t row = 0; row < args.m; ++row) {
    for (int64_t column = 0; column < args.n; ++column) {
      const int8_t* a = args.a + row * args.lda;
      const int8_t* b = args.packed + column / 16 * group_bytes(args.depth) + 64 + column % 16 * 4;
      int32_t sum = 0;
      for (int64_t k = 0; k < args.depth; ++k) {
        sum += static_cast<int32_t>(a[k]) * static_cast<int32_t>(b[k / 4 * 64 + k % 4]);
      }
      args.c[row * args.ldc + column] = static_cast<float>(sum) * args.multiplier[column];
    }
  }
}

#endif

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(code_gemm_target);

namespace {

constexpr int64_t kGroup = 16;

int64_t bytes_of_group(int64_t depth) {
  return kGroup * (depth + 4);
}

// The codes of up to 16 rows of w, four at a time, to [depth/4][16][4]; missing rows are 0.
void pack_group(int64_t rows, int64_t depth, const int8_t* w, int8_t* packed) {
  auto* sums = reinterpret_cast<int32_t*>(packed);
  for (int64_t row = 0; row < kGroup; ++row) {
    int32_t sum = 0;
    for (int64_t k = 0; row < rows && k < depth; ++k) {
      sum += w[row * depth + k];
    }
    sums[row] = sum;
  }
  int8_t* blocks = packed + 4 * kGroup;
  if (rows == kGroup) {
    // Four codes travel as one float; only its bits are moved.
    return transpose_block(kGroup,
                           depth / 4,
                           reinterpret_cast<const float*>(w),
                           depth / 4,
                           reinterpret_cast<float*>(blocks),
                           kGroup);
  }
  std::fill_n(blocks, kGroup * depth, int8_t{0});
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t k = 0; k < depth; k += 4) {
      std::memcpy(blocks + k * kGroup + 4 * row, w + row * depth + k, 4);
    }
  }
}

struct Cut {
  int64_t rows = 1;
  int64_t columns = 1;
};

// Sums are exact, so any cut gives the same bits; this one keeps parts large.
Cut cut_of(int64_t m, int64_t n, int64_t depth) {
  const int64_t wanted = std::clamp<int64_t>(m * n * depth >> 19, 1, 16);
  Cut cut;
  while (cut.rows < wanted && m / (2 * cut.rows) >= 48) {
    cut.rows *= 2;
  }
  while (cut.rows * cut.columns < wanted && n / (2 * cut.columns) >= 64) {
    cut.columns *= 2;
  }
  return cut;
}

}  // namespace

int64_t packed_codes_bytes(int64_t n, int64_t depth) {
  return ceil_div(n, kGroup) * bytes_of_group(depth);
}

void pack_codes(int64_t n, int64_t depth, const int8_t* w, int8_t* packed) {
  const int64_t groups = ceil_div(n, kGroup);
  for_row_parts(groups, kGroup * depth / 4, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      pack_group(std::min(kGroup, n - group * kGroup),
                 depth,
                 w + group * kGroup * depth,
                 packed + group * bytes_of_group(depth));
    }
  });
}

void code_gemm(const CodeGemm& gemm) {
  HWY_DYNAMIC_DISPATCH(code_gemm_target)(gemm);
}

void parallel_code_gemm(const CodeGemm& gemm) {
  const Cut cut = cut_of(gemm.m, gemm.n, gemm.depth);
  parallel_for(cut.rows * cut.columns, [&](int64_t part) {
    const Range rows = split_in_units(gemm.m, 12, cut.rows, part / cut.columns);
    const Range columns = split_in_units(gemm.n, 64, cut.columns, part % cut.columns);
    CodeGemm piece = gemm;
    piece.m = rows.end - rows.begin;
    piece.n = columns.end - columns.begin;
    piece.a += rows.begin * gemm.lda;
    piece.packed += columns.begin / kGroup * bytes_of_group(gemm.depth);
    piece.multiplier += columns.begin;
    piece.c += rows.begin * gemm.ldc + columns.begin;
    code_gemm(piece);
  });
}

}  // namespace intact::cpu
#endif
