// Helpers of the Highway kernels, compiled once per instruction set.
#if defined(INTACT_BACKEND_CPU_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INTACT_BACKEND_CPU_SIMD_INL_H_
#undef INTACT_BACKEND_CPU_SIMD_INL_H_
#else
#define INTACT_BACKEND_CPU_SIMD_INL_H_
#endif

#include <hwy/highway.h>

#include <cstdint>
#include <type_traits>

#include "backend/cpu/activation.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Vector = hn::ScalableTag<float>;
using Quad = hn::CappedTag<float, 4>;
using Scalar = hn::CappedTag<float, 1>;

template <class D>
using VectorOf = hn::Vec<D>;

inline int64_t lane_count() {
  return static_cast<int64_t>(hn::Lanes(Vector()));
}

/// body(d, i) for i in [begin,end): whole vectors, then four lanes, then single ones, with the same
/// operations.
template <class Body>
HWY_INLINE void for_lanes(int64_t begin, int64_t end, const Body& body) {
  const int64_t lanes = lane_count();
  int64_t i = begin;
  for (; i + lanes <= end; i += lanes) {
    body(Vector(), i);
  }
  for (const int64_t few = hn::MaxLanes(Quad()); i + few <= end; i += few) {
    body(Quad(), i);
  }
  for (; i < end; ++i) {
    body(Scalar(), i);
  }
}

/// Vectors of a row that a kernel with a few sums for each takes at a time: as the registers allow.
#if HWY_TARGET == HWY_AVX2
constexpr int kWideVectors = 2;
#else
constexpr int kWideVectors = 4;
#endif

/// A number of vectors, as a type.
template <int kVectors>
using VectorCount = std::integral_constant<int, kVectors>;

/// body(d, VectorCount, i) for i in [begin,end): kWideVectors at a time, then as for_lanes.
template <class Body>
HWY_INLINE void for_wide_lanes(int64_t begin, int64_t end, const Body& body) {
  const int64_t wide = kWideVectors * lane_count();
  for (; begin + wide <= end; begin += wide) {
    body(Vector(), VectorCount<kWideVectors>(), begin);
  }
  for_lanes(begin, end, [&](auto d, int64_t i) HWY_ATTR { body(d, VectorCount<1>(), i); });
}

/// to[i] += the lanes of `values`.
template <class D>
HWY_INLINE void add_to_doubles(D d, VectorOf<D> values, double* to) {
  HWY_ALIGN float lanes[hn::MaxLanes(d)];
  hn::StoreU(values, d, lanes);
  for (size_t lane = 0; lane < hn::Lanes(d); ++lane) {
    to[lane] += static_cast<double>(lanes[lane]);
  }
}

template <Activation kActivation, class D>
HWY_INLINE VectorOf<D> activate(D d, VectorOf<D> z) {
  if constexpr (kActivation == Activation::Relu) {
    return hn::Max(z, hn::Zero(d));
  } else if constexpr (kActivation == Activation::Relu6) {
    return hn::Min(hn::Max(z, hn::Zero(d)), hn::Set(d, 6.0f));
  } else {
    return z;
  }
}

/// gradient where act'(z) is 1, else 0. z may be the activation's input or its output.
template <Activation kActivation, class D>
HWY_INLINE VectorOf<D> mask_gradient(D d, VectorOf<D> z, VectorOf<D> gradient) {
  if constexpr (kActivation == Activation::Relu) {
    return hn::IfThenElseZero(hn::Gt(z, hn::Zero(d)), gradient);
  } else if constexpr (kActivation == Activation::Relu6) {
    const auto inside = hn::And(hn::Gt(z, hn::Zero(d)), hn::Lt(z, hn::Set(d, 6.0f)));
    return hn::IfThenElseZero(inside, gradient);
  } else {
    return gradient;
  }
}

/// call.template operator()<kActivation>() for a run-time activation.
template <class Call>
HWY_INLINE void with_activation(Activation activation, const Call& call) {
  switch (activation) {
    case Activation::None:
      return call.template operator()<Activation::None>();
    case Activation::Relu:
      return call.template operator()<Activation::Relu>();
    case Activation::Relu6:
      return call.template operator()<Activation::Relu6>();
  }
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
