#include "ops/detail/parts.h"

#include <cstring>

namespace intact {

void cut_rows(const KernelContext& op, const std::string& slot, int64_t rows) {
  const auto* from = static_cast<const char*>(op.input("X").raw());
  for (int64_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < op.output_count(slot); ++i) {
      Tensor part = op.output(slot, i);
      const size_t bytes = part.size_bytes() / static_cast<size_t>(rows);
      std::memcpy(static_cast<char*>(part.raw()) + static_cast<size_t>(row) * bytes, from, bytes);
      from += bytes;
    }
  }
}

std::vector<Var*> part_grads(GradientContext& op, const std::string& slot) {
  std::vector<Var*> grads;
  for (size_t i = 0; i < op.op().output_list(slot).size(); ++i) {
    Var* grad = op.output_grad(slot, i);
    if (grad == nullptr) {
      Var& part = op.op().output(slot, i);
      grad = &op.block().add_var(grad_name(part.name()), part.dtype(), part.shape());
      op.append(
          {.type = "fill_any_like", .inputs = {{"X", {&part}}}, .outputs = {{"Out", {grad}}}});
    }
    grads.push_back(grad);
  }
  return grads;
}

}  // namespace intact
