#include "backend/cpu/instruction_set.h"

#include <hwy/targets.h>

#include <cstdlib>
#include <string_view>

#include "base/check.h"

namespace intact::cpu {
namespace {

/// Highway gives better instruction sets lower bits.
constexpr int64_t better_than(int64_t target) {
  return target - 1;
}

bool disable_targets() {
  const char* setting = std::getenv("INTACT_MAX_CPU_ISA");
  const std::string_view limit = setting == nullptr ? "" : setting;
  if (limit == "avx2") {
    hwy::DisableTargets(better_than(HWY_AVX2));
  } else if (limit == "avx512") {
    hwy::DisableTargets(better_than(HWY_AVX3));
  } else {
    check(limit.empty(), "INTACT_MAX_CPU_ISA: is '{}'; use avx2 or avx512, or unset it", limit);
  }
  return !limit.empty();
}

}  // namespace

void limit_instruction_set() {
  [[maybe_unused]] static const bool is_limited = disable_targets();
}

std::string instruction_set() {
  const int64_t targets = hwy::SupportedTargets();
  hwy::GetChosenTarget().Update(targets);  // the call above chose among disabled ones again
  return hwy::TargetName(targets & -targets);
}

}  // namespace intact::cpu
