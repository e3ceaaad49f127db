// Loads at the end of a row, compiled once per instruction set.
#if defined(INTACT_BACKEND_CPU_LOAD_FIRST_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INTACT_BACKEND_CPU_LOAD_FIRST_INL_H_
#undef INTACT_BACKEND_CPU_LOAD_FIRST_INL_H_
#else
#define INTACT_BACKEND_CPU_LOAD_FIRST_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The first `count` lanes, reading no further; mask is hn::FirstN(d, count).
template <class D>
HWY_INLINE hn::VFromD<D> load_first(D d,
                                    const float* from,
                                    [[maybe_unused]] size_t count,
                                    [[maybe_unused]] hn::Mask<D> mask) {
#if HWY_TARGET == HWY_EMU128  // whose MaskedLoad reads all lanes
  HWY_ALIGN float lanes[hn::MaxLanes(d)] = {};
  std::copy_n(from, count, lanes);
  return hn::Load(d, lanes);
#else
  return hn::MaskedLoad(mask, d, from);
#endif
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
