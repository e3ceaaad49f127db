// Before:  moving_average_abs_max_scale(Out) -> Out@scale
// After:   (nothing)
// At test the op does nothing. Twice changes nothing. Source: spec 5.1 (5), 5.2 (3).
#include "intact/ir/rewrite_all.h"
#include "quant/passes/passes.h"

namespace intact {

PassReport remove_observers(Program& program, ConvertContext&) {
  const Pattern observer = op_type({"moving_average_abs_max_scale"}).capture("observer");
  return rewrite_all(program, observer, [](Match& match, Rewriter& rewriter) {
    Op& op = match.op("observer");
    if (op.has_output("Out") && !op.output("Out").consumers().empty()) {
      return skip(op, "its copy of the input is read");
    }
    rewriter.erase(op);
    return changed();
  });
}

}  // namespace intact
