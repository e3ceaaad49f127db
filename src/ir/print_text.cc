#include <cmath>

#include "base/check.h"
#include "intact/ir/text.h"
#include "ir/text_lexer.h"

namespace intact {
namespace {

std::string printed_name(const std::string& name) {
  return is_plain_name(name) ? name : quoted(name);
}

std::string printed_var(const Var& var) {
  return fmt::format("%{}", printed_name(var.name()));
}

/// Shortest text that reads back as the same value; always distinct from an integer's.
template <class T>
std::string printed_float(T value) {
  std::string text = std::isnan(value) ? "nan" : fmt::format("{}", value);
  if (std::isfinite(value) && text.find_first_of(".e") == std::string::npos) {
    text += ".0";
  }
  return text;
}

std::string printed(bool value) {
  return value ? "true" : "false";
}
std::string printed(int32_t value) {
  return fmt::format("{}", value);
}
std::string printed(int64_t value) {
  return fmt::format("{}L", value);
}
std::string printed(float value) {
  return printed_float(value);
}
std::string printed(double value) {
  return fmt::format("{}d", printed_float(value));
}
std::string printed(const std::string& value) {
  return quoted(value);
}
std::string printed(BlockRef value) {
  return fmt::format("block({})", value.index);
}
template <class T>
std::string printed(const std::vector<T>& values) {
  if (values.empty()) {
    return fmt::format("{}[]", type_name(Attribute(values)));
  }
  std::vector<std::string> parts;
  for (const T& value : values) {
    parts.push_back(printed(value));
  }
  return fmt::format("[{}]", fmt::join(parts, ","));
}

std::string printed(const Attribute& attribute) {
  return std::visit([](const auto& value) { return printed(value); }, attribute);
}

std::string printed_vars(const std::vector<Var*>& vars) {
  std::vector<std::string> names;
  for (const Var* var : vars) {
    names.push_back(printed_var(*var));
  }
  return vars.size() == 1 ? names.front() : fmt::format("[{}]", fmt::join(names, ", "));
}

/// In the order of the op's definition.
std::string printed_slots(const Slots& slots, const std::vector<SlotDef>& defs) {
  std::vector<std::string> parts;
  for (const SlotDef& def : defs) {
    const auto it = slots.find(def.name);
    if (it != slots.end()) {
      parts.push_back(fmt::format("{}={}", printed_name(def.name), printed_vars(it->second)));
    }
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

bool is_default(const AttrDef* def, const std::string& name, const Attribute& value) {
  if (def != nullptr) {
    return !def->is_required && value == def->default_value;
  }
  return (name == "op_role" && value == Attribute(role::kForward)) ||
         (name == "op_namescope" && value == Attribute(std::string("/"))) ||
         (name == "op_device" && value == Attribute(std::string()));
}

std::string printed_attrs(const Op& op, const PrintOptions& options) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : op.attrs()) {
    const AttrDef* def = op.def().find_attr(name);
    if (options.with_defaults || !is_default(def, name, value)) {
      const bool is_known = def != nullptr || is_meta_attribute(name);
      parts.push_back(
          fmt::format("{}{}={}", is_known ? "" : "?", printed_name(name), printed(value)));
    }
  }
  return parts.empty() ? "" : fmt::format(" {{{}}}", fmt::join(parts, ", "));
}

bool can_be_inferred(const Var& var) {
  const VarOptions& options = var.options();
  return !options.is_persistable && !options.is_parameter && !options.is_data &&
         !options.stop_gradient && options.kind == VarKind::Tensor && !var.producers().empty();
}

std::string var_line(const Var& var) {
  const VarOptions& options = var.options();
  std::string line = fmt::format(
      "var {}: {}{}", printed_var(var), to_string(var.dtype()), var.shape().to_string());
  line += options.is_persistable ? " persistable" : "";
  line += options.is_parameter ? " parameter" : "";
  line += options.is_data ? " data" : "";
  line += options.stop_gradient ? " stop_gradient" : "";
  line +=
      options.learning_rate == 1 ? "" : " learning_rate=" + printed_float(options.learning_rate);
  line += options.l2_decay ? " l2_decay=" + printed_float(*options.l2_decay) : "";
  switch (options.kind) {
    case VarKind::Tensor:
      break;
    case VarKind::FeedList:
      line += " feed_list";
      break;
    case VarKind::FetchList:
      line += " fetch_list";
      break;
    case VarKind::Raw:
      line += " raw";
      break;
  }
  return line;
}

}  // namespace

std::string to_text(const Op& op, const PrintOptions& options) {
  const std::string outputs = printed_slots(op.outputs(), op.def().outputs);
  return fmt::format("{}{}{}({}){}",
                     outputs,
                     outputs.empty() ? "" : " = ",
                     printed_name(op.type()),
                     printed_slots(op.inputs(), op.def().inputs),
                     printed_attrs(op, options));
}

std::string to_text(const Program& program, const PrintOptions& options) {
  std::string text;
  if (program.random_seed() != 0) {
    text += fmt::format("random_seed {}\n", program.random_seed());
  }
  for (int index = 0; index < program.block_count(); ++index) {
    const Block& block = program.block(index);
    if (index > 0) {
      text += fmt::format("block {} parent {}\n", index, block.parent_index());
    }
    for (const Var* var : block.vars()) {
      if (options.with_temporaries || !can_be_inferred(*var)) {
        text += var_line(*var) + "\n";
      }
    }
    for (const Op* op : block.ops()) {
      text += to_text(*op, options) + "\n";
    }
  }
  return text;
}

}  // namespace intact
