#include "intact/data/dataset.h"

#include <cstring>

#include "base/check.h"

namespace intact {
namespace {

/// Copies `part` into place `position` of `batch`, which the first part creates.
void stack(const Tensor& part, size_t position, size_t count, const char* what, Tensor& batch) {
  if (position == 0) {
    std::vector<int64_t> dims = part.shape().dims();
    dims.insert(dims.begin(), static_cast<int64_t>(count));
    batch = Tensor(part.dtype(), Shape(std::move(dims)));
  }
  const std::vector<int64_t>& dims = batch.shape().dims();
  const Shape expected(std::vector<int64_t>(dims.begin() + 1, dims.end()));
  check(part.is_defined() && part.shape() == expected && part.dtype() == batch.dtype(),
        "dataset: {} {} of the batch is {} {} but the first is {} {}; give all samples one shape",
        what,
        position,
        to_string(part.dtype()),
        part.shape().to_string(),
        to_string(batch.dtype()),
        expected.to_string());
  std::memcpy(static_cast<char*>(batch.raw()) + position * part.size_bytes(),
              part.raw(),
              part.size_bytes());
}

}  // namespace

Sample Dataset::get_batch(std::span<const int64_t> indices, int64_t epoch) const {
  Sample batch;
  for (size_t i = 0; i < indices.size(); ++i) {
    const Sample sample = get(indices[i], epoch);
    stack(sample.image, i, indices.size(), "image", batch.image);
    stack(sample.label, i, indices.size(), "label", batch.label);
  }
  return batch;
}

}  // namespace intact
