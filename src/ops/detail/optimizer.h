#pragma once

#include <string>
#include <vector>

#include "base/check.h"
#include "intact/ir/infer_context.h"

namespace intact {

/// Shape inference shared by the optimizer ops: Grad and the state tensors look like Param,
/// LearningRate is one element. Each state slot S has its output S + "Out".
inline void infer_optimizer(InferContext& op, const std::vector<std::string>& states) {
  check(!op.attr<bool>("multi_precision"),
        "{}: multi_precision is set but this build trains in one precision; turn it off",
        op.where());
  const Shape& param = op.shape("Param");
  const DType dtype = op.dtype("Param");
  std::vector<std::string> alike = states;
  alike.push_back("Grad");
  for (const std::string& slot : alike) {
    check(op.shape(slot) == param && op.dtype(slot) == dtype,
          "{}: Param is {} {} but {} is {} {}; they must be alike",
          op.where(),
          to_string(dtype),
          param.to_string(),
          slot,
          to_string(op.dtype(slot)),
          op.shape(slot).to_string());
  }
  check(op.shape("LearningRate").numel() == 1 && op.dtype("LearningRate") == dtype,
        "{}: LearningRate is {} {} but must be one {}; use a scalar of Param's dtype",
        op.where(),
        to_string(op.dtype("LearningRate")),
        op.shape("LearningRate").to_string(),
        to_string(dtype));
  op.set_output("ParamOut", param, dtype);
  for (const std::string& slot : states) {
    op.set_output(slot + "Out", param, dtype);
  }
}

}  // namespace intact
