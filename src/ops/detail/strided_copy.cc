#include "ops/detail/strided_copy.h"

#include <algorithm>

#include "ops/detail/strided.h"
#include "tensor/dispatch.h"

namespace intact {

void gather_strided(const KernelContext& op,
                    const Tensor& from,
                    const StridedView& view,
                    Tensor to) {
  dispatch_all(from.dtype(), op.where(), [&]<class T>(T) {
    for_each_strided(view.shape, view.strides, view.base, [&](int64_t i, int64_t offset) {
      to.data<T>()[i] = from.data<T>()[offset];
    });
  });
}

void scatter_strided(const KernelContext& op,
                     const Tensor& from,
                     const StridedView& view,
                     Tensor to) {
  dispatch_float(from.dtype(), op.where(), [&]<class T>(T) {
    std::fill_n(to.data<T>(), to.numel(), T{});
    for_each_strided(view.shape, view.strides, view.base, [&](int64_t i, int64_t offset) {
      to.data<T>()[offset] = from.data<T>()[i];
    });
  });
}

void sum_strided(const KernelContext& op, const Tensor& from, const StridedView& view, Tensor to) {
  dispatch_float(from.dtype(), op.where(), [&]<class T>(T) {
    std::vector<double> sums(static_cast<size_t>(to.numel()), 0);
    for_each_strided(view.shape, view.strides, view.base, [&](int64_t i, int64_t offset) {
      sums[static_cast<size_t>(offset)] += from.data<T>()[i];
    });
    std::transform(
        sums.begin(), sums.end(), to.data<T>(), [](double sum) { return static_cast<T>(sum); });
  });
}

}  // namespace intact
