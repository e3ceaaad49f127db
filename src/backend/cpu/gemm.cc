#include "backend/cpu/gemm.h"

#include <limits>

#include "backend/cpu/parts.h"
#include "backend/onednn/gemm.h"

namespace intact::cpu {
namespace {

struct Grid {
  int64_t m = 1;
  int64_t n = 1;
  int64_t k = 1;
};

constexpr int64_t kRowUnit = 8;      // rows of c are cut at multiples of this
constexpr int64_t kColumnUnit = 32;  // columns of c alike

int64_t part_count(int64_t m, int64_t n, int64_t k) {
  const int64_t multiply_adds = m * n * k;
  return multiply_adds < (1 << 17)   ? 1
         : multiply_adds < (1 << 20) ? 2
         : multiply_adds < (1 << 22) ? 4
                                     : 8;
}

// Columns go through the AVX-512 kernel in blocks of 48, then 32 and 16; the last is slow.
double column_cost(int64_t n) {
  const int64_t rest = n % 48;
  const double rest_cost = rest == 0 ? 0 : rest <= 16 ? 24 : rest <= 32 ? 33 : 48;
  return static_cast<double>(n - rest) + rest_cost;
}

// Time of one part in multiply-adds. The weights of packing and of writing c were fitted to
// single-thread times of dnnl_sgemm 2.6.3 over the GEMMs of MobileNetV1.
double part_cost(const Grid& grid, bool transpose_b, int64_t m, int64_t n, int64_t k) {
  const int64_t rows = ceil_div(m, grid.m);
  const int64_t columns = ceil_div(n, grid.n);
  const int64_t depth = ceil_div(k, grid.k);
  const double padded_rows = static_cast<double>(ceil_div(rows, kRowUnit) * kRowUnit);
  const auto area = [](int64_t a, int64_t b) {
    return static_cast<double>(a) * static_cast<double>(b);
  };
  return padded_rows * column_cost(columns) * static_cast<double>(depth) +
         (transpose_b ? 18.0 : 1.0) * area(columns, depth) + 2.0 * area(rows, depth) +
         (grid.k > 1 ? 14.0 : 6.0) * area(rows, columns);
}

bool is_allowed(const Grid& grid, int64_t m, int64_t n, int64_t k) {
  return (grid.m == 1 || m / grid.m >= kRowUnit) && (grid.n == 1 || n / grid.n >= kColumnUnit) &&
         (grid.k == 1 || k / grid.k >= 128);
}

Grid choose_grid(bool transpose_b, int64_t m, int64_t n, int64_t k) {
  for (int64_t parts = part_count(m, n, k); parts > 1; parts /= 2) {
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
  const int64_t slices = std::max(choose_grid(false, m, n, k).k, choose_grid(true, m, n, k).k);
  return (slices - 1) * m * n;
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
  const Grid grid = choose_grid(transpose_b, m, n, k);
  parallel_for(grid.m * grid.n * grid.k, [&](int64_t part) {
    const Range rows = split_in_units(m, kRowUnit, grid.m, part / (grid.n * grid.k));
    const Range columns = split_in_units(n, kColumnUnit, grid.n, part / grid.k % grid.n);
    const int64_t slice = part % grid.k;
    const Range depth = split_evenly(k, grid.k, slice);
    const float* a_part =
        a + (transpose_a ? depth.begin * lda + rows.begin : rows.begin * lda + depth.begin);
    const float* b_part =
        b + (transpose_b ? columns.begin * ldb + depth.begin : depth.begin * ldb + columns.begin);
    float* out = slice == 0 ? c : workspace + (slice - 1) * m * n;
    const int64_t out_stride = slice == 0 ? ldc : n;
    gemm(transpose_a,
         transpose_b,
         rows.end - rows.begin,
         columns.end - columns.begin,
         depth.end - depth.begin,
         a_part,
         lda,
         b_part,
         ldb,
         slice == 0 ? beta : 0.0f,
         out + rows.begin * out_stride + columns.begin,
         out_stride);
  });
  if (grid.k > 1) {
    add_partial_products(grid, m, n, workspace, c, ldc);
  }
}

}  // namespace intact::cpu
