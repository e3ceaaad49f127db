#include "support/golden_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "intact/interop/paddle.h"
#include "intact/ir/text.h"
#include "support/data_path.h"
#include "support/npz.h"

namespace intact {
namespace {

std::string name_of(const Op& op, const std::string& slot, const Var& var) {
  const bool is_average = slot == "InState" || slot == "OutState" || slot == "InAccum" ||
                          slot == "OutAccum" || slot == "OutScales";
  if (is_average) {
    const char* scale = op.has_output("OutScale") ? "OutScale" : "Scale";
    const std::string owner =
        op.has_output("OutScale") ? op.output("OutScale").name() : op.input(scale).name();
    return owner + "#" + slot.substr(slot.find_first_not_of("InOut"));
  }
  const bool is_frozen =
      slot == "Scales" && op.input_list("Scales").size() == 2 && &var == &op.input("Scales");
  return is_frozen ? op.input("X").name() + "#weight_scale" : var.name();
}

void add_slots(std::string& line, const Op& op, const Slots& slots) {
  for (const auto& [slot, vars] : slots) {
    line += fmt::format(" {}=", slot);
    for (const Var* var : vars) {
      line += name_of(op, slot, *var) + ",";
    }
  }
}

bool is_compared(const Op& op, const std::string& attribute) {
  if (attribute == "op_role_var" || attribute == "quant_skip_reason") {
    return false;
  }
  return attribute != "op_namescope" || !op.is_optimize();
}

std::string text_of(const Attribute& value) {
  return std::visit(
      []<class T>(const T& v) -> std::string {
        if constexpr (std::is_same_v<T, BlockRef>) {
          return fmt::format("block {}", v.index);
        } else if constexpr (std::is_same_v<T, Bools>) {
          return fmt::format("{} bools", v.size());
        } else if constexpr (std::is_same_v<T, bool> || std::is_arithmetic_v<T> ||
                             std::is_same_v<T, std::string>) {
          return fmt::format("{}", v);
        } else {
          return fmt::format("[{}]", fmt::join(v, ","));
        }
      },
      value);
}

}  // namespace

Program read_golden_program(const std::string& name) {
  const std::string path = data_path(name);
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return read_program(bytes.str(), path);
}

Scope golden_scope(const std::string& trace, const std::string& prefix) {
  Scope scope;
  for (const auto& [key, tensor] : read_npz(data_path(trace))) {
    if (key.starts_with(prefix + "/")) {
      scope.set(key.substr(prefix.size() + 1), tensor);
    }
  }
  return scope;
}

std::vector<std::string> canonical_ops(const Program& program) {
  std::vector<std::string> lines;
  for (const Op* op : program.ops()) {
    std::string line = op->type() + ":";
    add_slots(line, *op, op->inputs());
    line += " ->";
    add_slots(line, *op, op->outputs());
    line += " |";
    for (const auto& [name, value] : op->attrs()) {
      if (is_compared(*op, name)) {
        line += fmt::format(" {}={}", name, text_of(value));
      }
    }
    lines.push_back(std::move(line));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace intact
