#include "runtime/integer/model.h"

#include "backend/cpu/instruction_set.h"
#include "backend/cpu/integer_gemm.h"
#include "base/check.h"

namespace intact {
namespace {

std::string describe_value(const integer::Value& value) {
  if (!value.is_codes) {
    return fmt::format("{} {}", value.name, to_string(value.dtype));
  }
  return fmt::format("{} {} {}..{} step {} zero {}",
                     value.name,
                     to_string(value.dtype),
                     value.scale.lo,
                     value.scale.hi,
                     value.scale.step,
                     value.scale.zero_point);
}

}  // namespace

IntegerModel IntegerModel::compile(const Program& program,
                                   const Scope& scope,
                                   const std::vector<std::string>& feeds,
                                   const std::vector<std::string>& fetches) {
  Scope constants;
  for (const Var* var : program.block().vars()) {
    if (const Tensor* tensor = var->is_persistable() ? scope.find(var->name()) : nullptr) {
      constants.set(var->name(), tensor->clone());
    }
  }
  return compile(program, std::move(constants), feeds, fetches);
}

IntegerModel IntegerModel::compile(const Program& program,
                                   Scope&& scope,
                                   const std::vector<std::string>& feeds,
                                   const std::vector<std::string>& fetches) {
  cpu::limit_instruction_set();
  auto impl = std::make_shared<Impl>();
  impl->program = program.prune(feeds, fetches);
  impl->feeds = feeds;
  impl->fetches = fetches;
  impl->lowered = integer::lower(impl->program, scope, feeds, fetches);
  return IntegerModel(std::move(impl));
}

const std::vector<std::string>& IntegerModel::feeds() const {
  return impl_->feeds;
}

const std::vector<std::string>& IntegerModel::fetches() const {
  return impl_->fetches;
}

std::vector<std::string> IntegerModel::float_ops() const {
  return impl_->lowered.graph.float_ops;
}

std::string IntegerModel::describe() const {
  const integer::Graph& graph = impl_->lowered.graph;
  std::string text = fmt::format("integer model, {} steps, dot products by {}\n",
                                 graph.nodes.size(),
                                 cpu::integer_gemm_target());
  for (const auto& node : graph.nodes) {
    text += fmt::format("{}\n", node->label());
    for (const integer::ValueId id : node->inputs()) {
      text += fmt::format("  reads  {}\n", describe_value(graph[id]));
    }
    for (const integer::ValueId id : node->outputs()) {
      text += fmt::format("  writes {}\n", describe_value(graph[id]));
    }
    text += fmt::format("  by     {}\n", node->kernel());
  }
  for (const std::string& op : graph.float_ops) {
    text += fmt::format("in float: {}\n", op);
  }
  return text;
}

}  // namespace intact
