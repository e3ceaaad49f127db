#pragma once

#include <cstdint>
#include <vector>

#include "intact/ir/infer_context.h"
#include "ops/detail/strided_copy.h"

namespace intact {

/// The elements start, start + stride, ... along one axis: what slices keep of it.
struct Walk {
  int64_t start = 0;
  int64_t stride = 1;
  int64_t size = 0;  // -1: unknown
};

/// Sets Out, a dimension for each Walk, without the dropped axes. Throws: InvalidArgument when one
/// of those has not come out as 1.
void infer_walks(InferContext& op,
                 const std::vector<Walk>& walks,
                 const std::vector<int>& dropped_axes);

/// What the Walks, one an axis, visit of a tensor of this shape.
StridedView walked(const Shape& input, const std::vector<Walk>& walks);

}  // namespace intact
