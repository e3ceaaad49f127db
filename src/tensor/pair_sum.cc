#include "tensor/pair_sum.h"

namespace intact {

int64_t largest_pair_sum(const Tensor& codes, int axis) {
  const PairView view = pair_view(codes.shape(), axis);
  const Tensor as_int = codes.cast(DType::Int32);
  int32_t largest = 0;
  for (int64_t channel = 0; channel < view.channels; ++channel) {
    const int32_t* first = as_int.data<int32_t>() + channel * view.channel_stride;
    largest = std::max(largest, largest_of_channel(first, view).pair);
  }
  return largest;
}

}  // namespace intact
