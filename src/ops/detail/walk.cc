#include "ops/detail/walk.h"

#include "base/check.h"
#include "ops/detail/strided.h"

namespace intact {

void infer_walks(InferContext& op,
                 const std::vector<Walk>& walks,
                 const std::vector<int>& dropped_axes) {
  std::vector<bool> is_dropped(walks.size(), false);
  for (const int axis : dropped_axes) {
    const auto at = static_cast<size_t>(axis);
    check(walks[at].size == 1 || walks[at].size < 0,
          "{}: decrease_axis drops axis {} but it has {} elements; cut it to one",
          op.where(),
          axis,
          walks[at].size);
    is_dropped[at] = true;
  }
  std::vector<int64_t> dims;
  for (size_t axis = 0; axis < walks.size(); ++axis) {
    if (!is_dropped[axis]) {
      dims.push_back(walks[axis].size);
    }
  }
  op.set_output("Out", Shape(dims), op.dtype("Input"));
}

StridedView walked(const Shape& input, const std::vector<Walk>& walks) {
  StridedView view{.shape = {}, .strides = strides_of(input)};
  std::vector<int64_t> dims;
  for (size_t axis = 0; axis < walks.size(); ++axis) {
    dims.push_back(walks[axis].size);
    view.base += walks[axis].start * view.strides[axis];
    view.strides[axis] *= walks[axis].stride;
  }
  view.shape = Shape(dims);
  return view;
}

}  // namespace intact
