#pragma once

#include <cstdint>
#include <string>

#include "backend/cpu/integer_elementwise.h"
#include "backend/cpu/integer_gemm.h"

namespace intact::integer {

/// How a layer's dot products are summed on CPUs that add pairs of products in 16 bits.
struct WeightBound {
  cpu::DotMethod method = cpu::DotMethod::Magnitudes;
  std::string reason;
};

/// rows: weight codes [n,k]; neighbours 2j and 2j+1 of a row are added in 16 bits. scale: of the
/// codes they are multiplied with.
WeightBound bound_pairs(int64_t n, int64_t k, const int8_t* rows, const cpu::CodeScale& scale);

}  // namespace intact::integer
