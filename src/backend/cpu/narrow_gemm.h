#pragma once

#include "backend/cpu/float_gemm.h"

namespace intact::cpu {

/// True where a has so few rows that packing the transposed b would take much of the time.
bool is_narrow(const FloatGemm& gemm);

int64_t narrow_gemm_workspace_floats(int64_t m, int64_t n, int64_t k);

/// parallel_gemm for is_narrow(gemm): a is packed, and b, as the left matrix of the transposed
/// product, is read once where it lies.
void narrow_gemm(const FloatGemm& gemm, float* workspace);

}  // namespace intact::cpu
