#pragma once

#include <string>
#include <vector>

#include "intact/ir/program.h"

namespace intact {

/// What a pass did, and what it left alone and why.
struct PassReport {
  struct Skip {
    std::string op;  // Op::label()
    std::string reason;
    bool operator==(const Skip&) const = default;
  };

  std::string name;
  int changed = 0;  // matches that were rewritten
  std::vector<Skip> skipped = {};
  double seconds = 0;

  /// Reason of the first skip of the op with this label; empty when it was not skipped.
  std::string reason(const std::string& op) const {
    for (const Skip& skip : skipped) {
      if (skip.op == op) {
        return skip.reason;
      }
    }
    return {};
  }
};

}  // namespace intact
