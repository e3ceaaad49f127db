#pragma once

#include <cstdint>
#include <vector>

#include "intact/ir/kernel_context.h"
#include "intact/tensor/shape.h"
#include "intact/tensor/tensor.h"

namespace intact {

/// Elements of a tensor in the order of another one: number i, in C order of `shape`, is at
/// base + index . strides. An element may appear often, or not at all.
struct StridedView {
  Shape shape;
  std::vector<int64_t> strides;
  int64_t base = 0;
};

/// to[i] = from's element number i of the view.
void gather_strided(const KernelContext& op,
                    const Tensor& from,
                    const StridedView& view,
                    Tensor to);

/// The view's element number i of `to` = from[i], the others 0; none appears twice. Floats only.
void scatter_strided(const KernelContext& op,
                     const Tensor& from,
                     const StridedView& view,
                     Tensor to);

/// Each element of `to` is the sum, in double, of the from[i] whose number i it is. Floats only.
void sum_strided(const KernelContext& op, const Tensor& from, const StridedView& view, Tensor to);

}  // namespace intact
