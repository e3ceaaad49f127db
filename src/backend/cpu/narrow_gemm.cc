#include "backend/cpu/narrow_gemm.h"

#include "backend/cpu/parts.h"
#include "backend/cpu/transpose.h"

namespace intact::cpu {

bool is_narrow(const FloatGemm& gemm) {
  return gemm.transpose_b && gemm.m > 32 && gemm.m <= 128 && gemm.n >= 4 * gemm.m &&
         gemm.k >= 128 && gemm.b_codes == nullptr && gemm.packed_b == nullptr && gemm.beta == 0.0f;
}

int64_t narrow_gemm_workspace_floats(int64_t m, int64_t n, int64_t k) {
  return is_narrow({.transpose_b = true, .m = m, .n = n, .k = k})
             ? packed_panels_floats(m, k) + n * m
             : 0;
}

void narrow_gemm(const FloatGemm& gemm, float* workspace) {
  const int64_t pixels = gemm.m;
  FloatGemm transposed{.transpose_b = !gemm.transpose_a,
                       .m = gemm.n,
                       .n = pixels,
                       .k = gemm.k,
                       .a = gemm.b,
                       .lda = gemm.ldb,
                       .b = gemm.a,
                       .ldb = gemm.lda,
                       .ldc = pixels};
  float* packed = workspace;
  float* product = packed + packed_panels_floats(pixels, gemm.k);  // [n, m]
  parallel_for(ceil_div(gemm.k, kFloatGemmDepth),
               [&](int64_t block) { pack_panels(transposed, block * kFloatGemmDepth, packed); });
  transposed.packed_b = packed;
  constexpr int64_t kLineFloats = 16;
  const int64_t parts = gemm_parts(gemm.m, gemm.n, gemm.k);
  parallel_for(parts, [&](int64_t part) {
    const Range rows = split_in_units(gemm.n, kLineFloats, parts, part);
    FloatGemm piece = transposed;
    piece.m = rows.end - rows.begin;
    piece.a += rows.begin * piece.lda;
    piece.c = product + rows.begin * pixels;
    float_gemm(piece, nullptr);
    transpose_block(piece.m, pixels, piece.c, pixels, gemm.c + rows.begin, gemm.ldc);
  });
}

}  // namespace intact::cpu
