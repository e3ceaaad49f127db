// Before:  Out = relu(x)                               Scope: Out@scale = 2.5
// After:   Out = relu(x, out_threshold=2.5, Out0_threshold=2.5, with_quant_attr=true)
// For every op type that can be quantized and every float output with a scale. Twice changes
// nothing. Source: spec 5.1 (1).
#include "base/check.h"
#include "intact/ir/rewrite_all.h"
#include "quant/op_selection.h"
#include "quant/passes/passes.h"

namespace intact {
namespace {

float first_value(const Tensor& tensor) {
  return tensor.cast(DType::Float32).values<float>()[0];
}

}  // namespace

PassReport record_output_thresholds(Program& program, ConvertContext& context) {
  const Pattern observed = any_op().where(is_observed).capture("op");
  return rewrite_all(program, observed, [&context](Match& match, Rewriter&) {
    Op& op = match.op("op");
    int count = 0;
    for (const std::string& slot : op.def().quant.outputs) {
      const std::vector<Var*>& outputs = op.output_list(slot);
      for (size_t index = 0; index < outputs.size(); ++index) {
        const std::string scale = outputs[index]->name() + "@scale";
        if (!is_float(outputs[index]->dtype()) || op.block().find_var(scale) == nullptr) {
          continue;
        }
        const float threshold = first_value(context.scope.get(scale));
        const std::string name = fmt::format("{}{}_threshold", slot, index);
        if (op.attr_or<float>(name, -1) == threshold) {
          continue;
        }
        op.set_attr("out_threshold", threshold);
        op.set_attr(name, threshold);
        ++count;
      }
    }
    if (count == 0) {
      return skip(op, "no scale of its outputs is left to record");
    }
    op.set_attr("with_quant_attr", true);
    return changed();
  });
}

}  // namespace intact
