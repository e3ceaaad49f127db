#include "intact/ir/op_registry.h"

#include "base/check.h"
#include "base/nearest.h"
#include "ir/builtin_ops.h"

namespace intact {
namespace {

template <class Def>
const Def* find_by_name(const std::vector<Def>& defs, const std::string& name) {
  for (const Def& def : defs) {
    if (def.name == name) {
      return &def;
    }
  }
  return nullptr;
}

}  // namespace

const SlotDef* OpDef::find_input(const std::string& name) const {
  return find_by_name(inputs, name);
}

const SlotDef* OpDef::find_output(const std::string& name) const {
  return find_by_name(outputs, name);
}

const AttrDef* OpDef::find_attr(const std::string& name) const {
  return find_by_name(attrs, name);
}

void OpRegistry::add(OpDef def) {
  if (!def.infer || !def.forward) {
    fail(ErrorCode::Internal, "op '{}': infer and forward are mandatory; define both", def.type);
  }
  const std::string type = def.type;
  if (!defs_.emplace(type, std::move(def)).second) {
    fail(ErrorCode::Internal, "op '{}': registered twice; remove one", type);
  }
}

const OpDef* OpRegistry::find(const std::string& type) const {
  const auto it = defs_.find(type);
  return it == defs_.end() ? nullptr : &it->second;
}

const OpDef& OpRegistry::get(const std::string& type) const {
  if (const OpDef* def = find(type)) {
    return *def;
  }
  const std::string near = nearest(type, types());
  fail(ErrorCode::Unsupported,
       "op '{}': this build has no such op{}; `intact list-ops` prints those it has",
       type,
       near.empty() ? "" : fmt::format(", the nearest is '{}'", near));
}

std::vector<std::string> OpRegistry::types() const {
  std::vector<std::string> types;
  for (const auto& [type, def] : defs_) {
    types.push_back(type);
  }
  return types;
}

const OpRegistry& op_registry() {
  static const OpRegistry* registry = [] {
    auto* filled = new OpRegistry;  // lives as long as the process: Ops point into it
    register_builtin_ops(*filled);
    return filled;
  }();
  return *registry;
}

}  // namespace intact
