#include "ops/detail/row_norm.h"

#include "base/check.h"

namespace intact {

void check_scale_and_bias(const InferContext& op, int64_t size) {
  for (const char* slot : {"Scale", "Bias"}) {
    if (!op.has_input(slot)) {
      continue;
    }
    const int64_t count = op.shape(slot).numel();
    check(size < 0 || count < 0 || count == size,
          "{}: {} is {} but X {} needs {} values; give as many",
          op.where(),
          slot,
          op.shape(slot).to_string(),
          op.shape("X").to_string(),
          size);
    check(op.dtype(slot) == op.dtype("X"),
          "{}: {} is {} but X is {}; cast one of them",
          op.where(),
          slot,
          to_string(op.dtype(slot)),
          to_string(op.dtype("X")));
  }
}

}  // namespace intact
