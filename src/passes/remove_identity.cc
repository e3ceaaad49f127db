// Before:  Out=%y = assign(X=%x);  Out=%z = relu(X=%y)
// After:   Out=%z = relu(X=%x)
// Also scale by 1 without bias, and dropout in test mode that only scales while training. (Scale
// turns -0 into 0; nothing else differs.) Skips what may be fetched or updated.
#include "intact/ir/rewrite_all.h"
#include "intact/passes/passes.h"

namespace intact {
namespace {

const char* why_not_identity(const Op& op) {
  if (op.type() == "scale") {
    const bool is_one = op.attr<float>("scale") == 1 && op.attr<float>("bias") == 0;
    return is_one ? nullptr : "scale changes its input";
  }
  if (op.type() == "dropout") {
    if (!op.attr<bool>("is_test")) {
      return "dropout is in training mode";
    }
    const bool is_kept = op.attr<std::string>("dropout_implementation") == "upscale_in_train";
    return is_kept ? nullptr : "dropout scales its input in test mode";
  }
  return nullptr;
}

/// A Var that outlives the op, or changes beside it, cannot be replaced by another.
const char* why_needed(const Op& op) {
  const Var& x = op.input("X");
  const Var& out = op.output("Out");
  if (out.is_persistable()) {
    return "its output is persistable";
  }
  if (x.producers().size() > 1 || out.producers().size() > 1) {
    return "its input or output is written several times";
  }
  if (x.is_persistable() && !x.producers().empty()) {
    return "its input is updated while the output keeps the value";
  }
  if (out.consumers().empty()) {
    return "no op reads its output, which may be fetched";
  }
  for (const Op* consumer : out.consumers()) {
    if (consumer->type() == "fetch") {
      return "its output is fetched by name";
    }
  }
  for (const auto& [slot, vars] : op.outputs()) {
    if (slot != "Out" && !vars.front()->consumers().empty()) {
      return "another of its outputs is read";
    }
  }
  return nullptr;
}

}  // namespace

PassReport remove_identity(Program& program) {
  const Pattern candidate = op_type({"assign", "scale", "dropout"}).capture("op");
  return rewrite_all(program, candidate, [](Match& m, Rewriter& rewriter) -> RewriteResult {
    Op& op = m.op("op");
    if (const char* reason = why_not_identity(op)) {
      return skip(op, reason);
    }
    if (const char* reason = why_needed(op)) {
      return skip(op, reason);
    }
    rewriter.replace_all_uses(op.output("Out"), op.input("X"));
    rewriter.erase(op);
    rewriter.remove_unused_vars();
    return changed();
  });
}

}  // namespace intact
