// Before:  Y=%y = batch_norm(X=%x, Scale=%g, Bias=%h, Mean=%m, Variance=%v) {is_test=true}
// After:   Out=%y.scaled = elementwise_mul(X=%x, Y=%y.a)
//          Out=%y = elementwise_add(X=%y.scaled, Y=%y.b)
// with a and b of batch_norm_affine, of shape [C,1,1] behind images. Every reader rounds a product
// and a sum alike, while readers' batch norms take other square roots and orders. For Programs that
// are not trained any more.
#include <set>
#include <utility>

#include "base/check.h"
#include "intact/ir/rewrite_all.h"
#include "intact/passes/passes.h"
#include "passes/batch_norm_affine.h"
#include "passes/constants.h"

namespace intact {
namespace {

const char* why_not(const Op& batch_norm, const Scope& scope) {
  if (!is_test_batch_norm(batch_norm)) {
    return "batch_norm is in training mode";
  }
  for (const char* slot : {"Scale", "Bias", "Mean", "Variance"}) {
    const Var& var = batch_norm.input(slot);
    const Tensor* value = scope.find(var.name());
    if (!var.is_persistable() || value == nullptr || value->dtype() != DType::Float32) {
      return "its scale, bias, mean or variance is not a float32 constant in the scope";
    }
  }
  for (const auto& [slot, vars] : batch_norm.outputs()) {
    if (slot != "Y" && !vars.front()->is_persistable() && !vars.front()->consumers().empty()) {
      return "its saved statistics are read";
    }
  }
  return nullptr;
}

/// One value a channel, broadcast to x [N, C, ...] from the right.
Var& add_constant(Program& program,
                  Scope& scope,
                  const std::string& name,
                  const Var& x,
                  const std::vector<float>& values) {
  check(!scope.contains(name) && program.block().find_var(name) == nullptr,
        "write_batch_norm_out: there is a Var '{}' already; rename it",
        name);
  std::vector<int64_t> dims(static_cast<size_t>(x.shape().rank()) - 1, 1);
  dims.front() = static_cast<int64_t>(values.size());
  scope.set(name, Tensor::from<float>(Shape(dims), values));
  return program.block().add_var(
      name, DType::Float32, Shape(dims), {.is_persistable = true, .stop_gradient = true});
}

/// What is said about the op, not of how it computes; of its output Y under its new slot's name.
Attributes meta_attributes(const Op& batch_norm) {
  Attributes attrs;
  for (const auto& [name, value] : batch_norm.attrs()) {
    if (name == "Y0_threshold") {
      attrs["Out0_threshold"] = value;
    } else if (is_meta_attribute(name)) {
      attrs[name] = value;
    }
  }
  return attrs;
}

}  // namespace

PassReport write_batch_norm_out(Program& program, Scope& scope) {
  return rewrite_all(
      program,
      op_type({"batch_norm"}).capture("batch_norm"),
      [&](Match& m, Rewriter& rewriter) -> RewriteResult {
        Op& batch_norm = m.op("batch_norm");
        if (const char* reason = why_not(batch_norm, scope)) {
          return skip(batch_norm, reason);
        }
        Var& x = batch_norm.input("X");
        Var& y = batch_norm.output("Y");
        const BatchNormAffine affine = batch_norm_affine(batch_norm, scope);
        Var& a = add_constant(program, scope, y.name() + ".a", x, as_floats(affine.a));
        Var& b = add_constant(program, scope, y.name() + ".b", x, as_floats(affine.b));
        Var& scaled = program.block().add_var(y.name() + ".scaled", y.dtype(), y.shape());
        OpSpec mul{.type = "elementwise_mul",
                   .inputs = {{"X", {&x}}, {"Y", {&a}}},
                   .outputs = {{"Out", {&scaled}}}};
        OpSpec add{.type = "elementwise_add",
                   .inputs = {{"X", {&scaled}}, {"Y", {&b}}},
                   .outputs = {{"Out", {&y}}},
                   .attrs = meta_attributes(batch_norm)};
        if (batch_norm.has_attr("op_role")) {
          mul.attrs["op_role"] = batch_norm.role();
        }
        rewriter.insert_before(batch_norm, std::move(mul));
        rewriter.insert_before(batch_norm, std::move(add));
        std::set<Var*> constants;
        collect_constants(batch_norm, constants);
        rewriter.erase(batch_norm);
        remove_unused_constants(rewriter, constants);
        return changed();
      });
}

}  // namespace intact
