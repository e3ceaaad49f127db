#include "backend/cpu/gemm.h"

#include <limits>

#include "backend/cpu/few_rows_gemm.h"
#include "backend/cpu/narrow_gemm.h"
#include "backend/cpu/parts.h"

namespace intact::cpu {
namespace {

struct Grid {
  int64_t m = 1;
  int64_t n = 1;
  int64_t k = 1;
};

constexpr int64_t kRowUnit = 6;      // rows of c are cut at multiples of this
constexpr int64_t kColumnUnit = 64;  // columns of c alike

// Time of one part in multiply-adds: rows and columns fill tiles of 6 x 16, and packing b and
// writing c cost like so many products.
double part_cost(const Grid& grid, bool transpose_b, int64_t m, int64_t n, int64_t k) {
  const int64_t rows = ceil_div(m, grid.m);
  const int64_t columns = ceil_div(n, grid.n);
  const int64_t depth = ceil_div(k, grid.k);
  const auto area = [](int64_t a, int64_t b) {
    return static_cast<double>(a) * static_cast<double>(b);
  };
  return area(ceil_div(rows, 6) * 6, ceil_div(columns, 16) * 16) * static_cast<double>(depth) +
         (transpose_b ? 12.0 : 5.0) * area(columns, depth) +
         (grid.k > 1 ? 14.0 : 6.0) * area(rows, columns);
}

bool is_allowed(const Grid& grid, int64_t m, int64_t n, int64_t k) {
  return (grid.m == 1 || m / grid.m >= kRowUnit) && (grid.n == 1 || n / grid.n >= kColumnUnit) &&
         (grid.k == 1 || k / grid.k >= 128);
}

Grid choose_grid(bool transpose_b, int64_t m, int64_t n, int64_t k) {
  for (int64_t parts = gemm_parts(m, n, k); parts > 1; parts /= 2) {
    Grid best;
    double best_cost = std::numeric_limits<double>::infinity();
    for (int64_t grid_m = 1; grid_m <= parts; grid_m *= 2) {
      for (int64_t grid_n = 1; grid_m * grid_n <= parts; grid_n *= 2) {
        const Grid grid{grid_m, grid_n, parts / (grid_m * grid_n)};
        const double cost = part_cost(grid, transpose_b, m, n, k);
        if (is_allowed(grid, m, n, k) && cost < best_cost) {
          best = grid;
          best_cost = cost;
        }
      }
    }
    if (best.m * best.n * best.k == parts) {
      return best;
    }
  }
  return {};
}

int64_t parts_of(const Grid& grid) {
  return grid.m * grid.n * grid.k;
}

// The product of one part. The first slice of k goes to c, the others to partial.
FloatGemm piece_of(const FloatGemm& gemm, const Grid& grid, int64_t part, float* partial) {
  const Range rows = split_in_units(gemm.m, kRowUnit, grid.m, part / (grid.n * grid.k));
  const Range columns = split_in_units(gemm.n, kColumnUnit, grid.n, part / grid.k % grid.n);
  const int64_t slice = part % grid.k;
  const Range depth = split_evenly(gemm.k, grid.k, slice);
  FloatGemm piece = gemm;
  piece.m = rows.end - rows.begin;
  piece.n = columns.end - columns.begin;
  piece.k = depth.end - depth.begin;
  piece.a +=
      gemm.transpose_a ? depth.begin * gemm.lda + rows.begin : rows.begin * gemm.lda + depth.begin;
  const int64_t b_offset = gemm.transpose_b ? columns.begin * gemm.ldb + depth.begin
                                            : depth.begin * gemm.ldb + columns.begin;
  if (gemm.b_codes == nullptr) {
    piece.b += b_offset;
  } else {
    piece.b_codes += b_offset;
    piece.b_scale += depth.begin * gemm.b_scale_step;
  }
  if (gemm.b_activation.slope != nullptr) {
    piece.b_activation.slope += columns.begin;
    piece.b_activation.shift += columns.begin;
  }
  if (slice > 0) {
    piece.c = partial + (slice - 1) * gemm.m * gemm.n;
    piece.ldc = gemm.n;
    piece.beta = 0;
  }
  piece.c += rows.begin * piece.ldc + columns.begin;
  return piece;
}

// c += the partial products 1..grid.k-1, in order.
void add_partial_products(
    const Grid& grid, int64_t m, int64_t n, const float* partial, float* c, int64_t ldc) {
  for_row_parts(m, n * grid.k, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      float* c_row = c + row * ldc;
      for (int64_t slice = 0; slice + 1 < grid.k; ++slice) {
        const float* partial_row = partial + (slice * m + row) * n;
        for (int64_t column = 0; column < n; ++column) {
          c_row[column] += partial_row[column];
        }
      }
    }
  });
}

}  // namespace

int64_t parallel_gemm_workspace_floats(int64_t m, int64_t n, int64_t k) {
  int64_t most = narrow_gemm_workspace_floats(m, n, k);
  for (const bool transpose_b : {false, true}) {
    const Grid grid = choose_grid(transpose_b, m, n, k);
    most = std::max(most, (grid.k - 1) * m * n + parts_of(grid) * float_gemm_panel_floats(k));
  }
  return most;
}

void parallel_gemm(const FloatGemm& gemm, float* workspace) {
  if (is_narrow(gemm)) {
    return narrow_gemm(gemm, workspace);
  }
  const int64_t m = gemm.m;  // clang 14 captures no structured bindings
  const int64_t n = gemm.n;
  const int64_t k = gemm.k;
  const Grid grid = choose_grid(gemm.transpose_b, m, n, k);
  float* panels = workspace + (grid.k - 1) * m * n;
  const int64_t parts = parts_of(grid);
  parallel_for(parts, [&](int64_t part) {
    const FloatGemm piece = piece_of(gemm, grid, part, workspace);
    if (has_few_rows(piece)) {
      return few_rows_gemm(piece);
    }
    const FloatGemm following = piece_of(gemm, grid, std::min(part + 1, parts - 1), workspace);
    float_gemm(piece, panels + part * float_gemm_panel_floats(k), &following);
  });
  if (grid.k > 1) {
    add_partial_products(grid, m, n, workspace, gemm.c, gemm.ldc);
  }
}

void parallel_gemm(bool transpose_a,
                   bool transpose_b,
                   int64_t m,
                   int64_t n,
                   int64_t k,
                   const float* a,
                   int64_t lda,
                   const float* b,
                   int64_t ldb,
                   float beta,
                   float* c,
                   int64_t ldc,
                   float* workspace) {
  parallel_gemm({.transpose_a = transpose_a,
                 .transpose_b = transpose_b,
                 .m = m,
                 .n = n,
                 .k = k,
                 .a = a,
                 .lda = lda,
                 .b = b,
                 .ldb = ldb,
                 .beta = beta,
                 .c = c,
                 .ldc = ldc},
                workspace);
}

}  // namespace intact::cpu
