// Ops that ONNX only calls differently: OpDef::onnx of their own files says how.
#include <algorithm>
#include <array>

#include "intact/ir/op_registry.h"
#include "interop/onnx/graph_reader.h"
#include "interop/onnx/graph_writer.h"

namespace intact {
namespace {

/// Where ONNX's default is not ours; nothing: the attribute is required.
struct ForeignDefault {
  const char* type;
  const char* attr;
  std::optional<float> value;
};
constexpr std::array<ForeignDefault, 2> kForeignDefaults = {
    {{"LeakyRelu", "alpha", 0.01f}, {"Concat", "axis", std::nullopt}}};

const std::map<std::string, const OpDef*>& defs_by_foreign_type() {
  static const std::map<std::string, const OpDef*> kDefs = [] {
    std::map<std::string, const OpDef*> defs;
    for (const std::string& type : op_registry().types()) {
      const OpDef& def = op_registry().get(type);
      if (!def.onnx.type.empty()) {
        defs.emplace(def.onnx.type, &def);
      }
    }
    return defs;
  }();
  return kDefs;
}

OnnxAttr to_onnx(const OnnxWriter& writer, const Op& op, const std::string& name) {
  const Attribute& value = op.attrs().at(name);
  if (const auto* integer = std::get_if<int32_t>(&value)) {
    return int64_t{*integer};
  }
  if (const auto* real = std::get_if<float>(&value)) {
    return *real;
  }
  if (const auto* integers = std::get_if<Ints>(&value)) {
    return Longs(integers->begin(), integers->end());
  }
  writer.refuse(op, "attribute '{}' is {}, which has no ONNX form", name, type_name(value));
}

/// An attribute that changes what the op computes must not get lost.
void check_other_attrs(const OnnxWriter& writer, const Op& op) {
  for (const auto& [name, value] : op.attrs()) {
    const AttrDef* def = op.def().find_attr(name);
    const auto& renames = op.def().onnx.attrs;
    const bool is_renamed =
        std::any_of(renames.begin(), renames.end(), [&attr = name](const auto& rename) {
          return rename.first == attr;
        });
    const bool is_harmless =
        def == nullptr ? is_meta_attribute(name) : def->is_extra || value == def->default_value;
    if (!is_renamed && !is_harmless && !name.starts_with("use_")) {
      writer.refuse(op, "attribute '{}' has no ONNX form; leave it at its default", name);
    }
  }
}

Attribute read_attr(const OnnxNode& node, const AttrDef& def, const std::string& name) {
  if (!node.has_attr(name)) {
    const auto* const other =
        std::find_if(kForeignDefaults.begin(), kForeignDefaults.end(), [&](const auto& d) {
          return d.type == node.type() && d.attr == name;
        });
    if (other == kForeignDefaults.end() && !def.is_required) {
      return def.default_value;
    }
    if (other == kForeignDefaults.end() || !other->value) {
      fail(ErrorCode::Format, "attribute '{}' is missing", name);
    }
    return *other->value;
  }
  if (std::holds_alternative<int32_t>(def.default_value)) {
    return node.int32(name);
  }
  if (std::holds_alternative<float>(def.default_value)) {
    return node.real(name);
  }
  return node.ints(name);
}

}  // namespace

void write_renamed(OnnxWriter& writer, const Op& op) {
  const OpDef& def = op.def();
  if (def.onnx.type.empty()) {
    writer.refuse(op, "has no ONNX form in this build; remove the op or fetch something before it");
  }
  check_other_attrs(writer, op);
  std::vector<std::string> inputs;
  for (const SlotDef& slot : def.inputs) {
    for (const Var* var : op.input_list(slot.name)) {
      inputs.push_back(writer.value(*var));
    }
    if (slot.is_optional && op.input_list(slot.name).empty()) {
      inputs.emplace_back();
    }
  }
  while (!inputs.empty() && inputs.back().empty()) {
    inputs.pop_back();
  }
  OnnxAttrs attrs;
  for (const auto& [ours, theirs] : def.onnx.attrs) {
    attrs.emplace_back(theirs, to_onnx(writer, op, ours));
  }
  writer.node(def.onnx.type, inputs, writer.output(op, def.outputs.front().name), attrs);
}

void read_renamed(OnnxReader& reader, const OnnxNode& node) {
  const auto found = defs_by_foreign_type().find(node.type());
  if (found == defs_by_foreign_type().end()) {
    fail(ErrorCode::Unsupported,
         "this build does not have the op; `intact list-ops` shows what it has");
  }
  const OpDef& def = *found->second;
  std::set<std::string> names;
  OpSpec spec{.type = def.type};
  for (const auto& [ours, theirs] : def.onnx.attrs) {
    names.insert(theirs);
    spec.attrs[ours] = read_attr(node, *def.find_attr(ours), theirs);
  }
  const bool is_list = def.inputs.front().is_list;
  node.expect(is_list ? node.input_count() : static_cast<int>(def.inputs.size()), 1, names);
  int index = 0;
  for (const SlotDef& slot : def.inputs) {
    for (bool more = index < node.input_count(); more;
         more = slot.is_list && index < node.input_count()) {
      if (node.has_input(index) || !slot.is_optional) {
        spec.inputs[slot.name].push_back(&reader.input(node, index));
      }
      ++index;
    }
  }
  spec.outputs[def.outputs.front().name] = {&reader.output(node)};
  reader.append(std::move(spec));
}

std::vector<std::string> renamed_types() {
  std::vector<std::string> types;
  for (const auto& [type, def] : defs_by_foreign_type()) {
    types.push_back(type);
  }
  return types;
}

}  // namespace intact
