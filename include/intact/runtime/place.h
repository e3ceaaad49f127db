#pragma once

#include <variant>

namespace intact {

struct CpuPlace {};
/// Exists so that scripts say what they mean; this build has no CUDA backend and an Executor on it
/// throws.
struct CudaPlace {
  explicit CudaPlace(int device) : device(device) {}
  int device = 0;
};
using Place = std::variant<CpuPlace, CudaPlace>;

}  // namespace intact
