// Accuracy = fraction of rows whose Label is among Indices [N,k]; Correct and Total are the counts.
#include "base/check.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  const Shape& indices = op.shape("Indices");
  const Shape& label = op.shape("Label");
  check(indices.rank() == 2,
        "{}: Indices has shape {} but must be [rows,k]; take them from top_k_v2",
        op.where(),
        indices.to_string());
  check(label.rank() >= 1 && compatible(Shape{label[0]}, Shape{indices[0]}) &&
            (label.rank() == 1 || (label.rank() == 2 && label[1] == 1)),
        "{}: Label has shape {} but Indices {}; use [rows,1]",
        op.where(),
        label.to_string(),
        indices.to_string());
  for (const char* slot : {"Indices", "Label"}) {
    check(op.dtype(slot) == DType::Int64,
          "{}: {} is {} but must be int64; cast it",
          op.where(),
          slot,
          to_string(op.dtype(slot)));
  }
  op.set_output("Accuracy", Shape{}, DType::Float32);
  op.set_output("Correct", Shape{}, DType::Int32);
  op.set_output("Total", Shape{}, DType::Int32);
}

void forward(const KernelContext& op) {
  const auto indices = op.input("Indices").values<int64_t>();
  const auto label = op.input("Label").values<int64_t>();
  const size_t k = label.empty() ? 0 : indices.size() / label.size();
  int32_t correct = 0;
  for (size_t row = 0; row < label.size(); ++row) {
    for (size_t i = 0; i < k; ++i) {
      if (indices[row * k + i] == label[row]) {
        ++correct;
        break;
      }
    }
  }
  const auto total = static_cast<int32_t>(label.size());
  op.output("Accuracy").data<float>()[0] =
      total == 0 ? 0.0f : static_cast<float>(correct) / static_cast<float>(total);
  op.output("Correct").data<int32_t>()[0] = correct;
  op.output("Total").data<int32_t>()[0] = total;
}

}  // namespace

void register_accuracy(OpRegistry& registry) {
  registry.add({.type = "accuracy",
                .inputs = {{"Out"}, {"Indices"}, {"Label"}},
                .outputs = {{"Accuracy"}, {"Correct"}, {"Total"}},
                .attrs = {},
                .infer = infer,
                .forward = forward,
                .gradient = {}});
}

}  // namespace intact
