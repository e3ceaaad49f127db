#pragma once

#include <string>

namespace intact::cpu {

/// Obeys the environment's INTACT_MAX_CPU_ISA, at the first call: "avx2" or "avx512" (without VNNI)
/// make the kernels of such a CPU run on a better one. To be called before kernels run.
/// Throws: InvalidArgument when it has another value.
void limit_instruction_set();

/// What kernels use, by Highway's name: AVX2, AVX3 (AVX-512), AVX3_DL (with VNNI), ...
std::string instruction_set();

}  // namespace intact::cpu
