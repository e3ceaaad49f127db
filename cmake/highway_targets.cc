// What Highway's dispatch needs to know of this CPU, for libintact_runtime: loading libhwy takes 3
// ms, because it measures its timer then.
#include <hwy/highway.h>

#include <atomic>

namespace hwy {
namespace {

std::atomic<int64_t> disabled_targets{0};

int64_t detect_targets() {
  __builtin_cpu_init();
  int64_t targets = HWY_STATIC_TARGET | HWY_SCALAR | HWY_EMU128;
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                        __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
                        __builtin_cpu_supports("f16c") && __builtin_cpu_supports("lzcnt");
  if (!has_avx2) {
    return targets;
  }
  targets |= HWY_AVX2;
  const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                          __builtin_cpu_supports("avx512dq") &&
                          __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd");
  if (!has_avx512) {
    return targets;
  }
  targets |= HWY_AVX3;
  const bool has_icelake =
      __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("vpclmulqdq") &&
      __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
      __builtin_cpu_supports("vaes") && __builtin_cpu_supports("avx512vpopcntdq") &&
      __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("gfni");
  return has_icelake ? targets | HWY_AVX3_DL : targets;
}

}  // namespace

int64_t SupportedTargets() {
  static const int64_t targets = detect_targets();
  const int64_t enabled = targets & ~disabled_targets;
  return enabled != 0 ? enabled : targets & (HWY_SCALAR | HWY_EMU128);
}

void DisableTargets(int64_t targets) {
  disabled_targets = targets;
  GetChosenTarget().DeInit();
}

ChosenTarget& GetChosenTarget() {
  static ChosenTarget chosen;
  return chosen;
}

}  // namespace hwy
