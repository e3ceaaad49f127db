#pragma once

#include <map>
#include <string>
#include <vector>

#include "intact/ir/op_def.h"

namespace intact {

class OpRegistry {
 public:
  /// Throws: Internal when the type exists already or a mandatory function is missing.
  void add(OpDef def);
  const OpDef* find(const std::string& type) const;
  /// Throws: Unsupported, naming the nearest known type.
  const OpDef& get(const std::string& type) const;
  std::vector<std::string> types() const;  // sorted

 private:
  std::map<std::string, OpDef> defs_;
};

/// All ops of src/ops/. Filled on first use by register_builtin_ops, which the build writes.
const OpRegistry& op_registry();

}  // namespace intact
