#pragma once

#include <cstdint>

#include "backend/cpu/activation.h"

namespace intact::cpu {

/// Values given as codes: code * scale / max, with one scale (scale_step 0) or one a row (1).
struct CodedOperand {
  const int8_t* codes = nullptr;
  const float* scale = nullptr;
  int64_t scale_step = 0;
  float max = 127;
};

/// What is done to the elements of a column: act(slope[column]*x + shift[column]), the product
/// rounded before the sum, as scale_shift_activation does. Null slope: nothing.
struct ColumnActivation {
  const float* slope = nullptr;
  const float* shift = nullptr;
  Activation activation = Activation::None;
};

/// c[m,n] = op(a)[m,k] * op(b)[k,n] + beta * c, row-major; op transposes when asked, and then `a`
/// is stored as [k,m] (or `b` as [n,k]). lda, ldb, ldc: stored row lengths. beta is 0 (c is not
/// read) or 1. With b_codes, b[k,n] is b_codes * scale / b_max, where the scale is b_scale[0], or
/// b_scale[row] with b_scale_step 1; it is dequantized block by block. With b_activation, which
/// goes with floats that are not transposed, b is b_activation of its elements.
struct FloatGemm {
  bool transpose_a = false;
  bool transpose_b = false;
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;
  const float* a = nullptr;
  int64_t lda = 0;
  const float* b = nullptr;
  int64_t ldb = 0;
  float beta = 0;
  float* c = nullptr;
  int64_t ldc = 0;
  const int8_t* b_codes = nullptr;
  const float* b_scale = nullptr;
  int64_t b_scale_step = 0;
  float b_max = 127;
  ColumnActivation b_activation = {};
  const float* packed_b = nullptr;  // op(b) by pack_panels, in the place of b

  void set_b(const int8_t* codes, const CodedOperand& like) {
    b_codes = codes;
    b_scale = like.scale;
    b_scale_step = like.scale_step;
    b_max = like.max;
  }
};

/// k is taken in blocks of this many, so that a packed panel stays in the cache.
constexpr int64_t kFloatGemmDepth = 256;

/// Scratch of one float_gemm.
int64_t float_gemm_panel_floats(int64_t k);

/// What pack_panels writes for op(b) of k rows and n columns.
int64_t packed_panels_floats(int64_t n, int64_t k);

/// Packs the rows [begin, begin + kFloatGemmDepth) of op(b), as far as they exist, for products
/// that share it; begin is a multiple of kFloatGemmDepth. packed: packed_panels_floats(n, k), the
/// same for all of b.
void pack_panels(const FloatGemm& gemm, int64_t begin, float* packed);

/// On the calling thread; panel may be null with packed_b. Products are summed in the order of k.
/// following: the product this thread is likely to compute next, of which the first panel is
/// fetched into the cache meanwhile, or null.
void float_gemm(const FloatGemm& gemm, float* panel, const FloatGemm* following = nullptr);

/// What several products by one b have of their own.
struct FloatGemmRows {
  const float* a = nullptr;
  float* c = nullptr;
  float beta = 0;
};

/// float_gemm with each of rows[0..count-1] in the place of gemm's a, c and beta, in order; b is
/// packed once.
void float_gemm_rows(const FloatGemm& gemm, const FloatGemmRows* rows, int64_t count, float* panel);

}  // namespace intact::cpu
