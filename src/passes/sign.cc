#include "passes/sign.h"

#include <set>

namespace intact {
namespace {

bool is_non_negative(const Var& x, std::set<const Var*>& visited) {
  if (x.is_persistable() || x.producers().size() != 1) {
    return false;
  }
  if (!visited.insert(&x).second) {
    return true;  // a negative answer has ended the walk already
  }
  const Op& op = *x.producers().front();
  switch (op.def().quant.output_sign) {
    case OutputSign::NonNegative:
      return true;
    case OutputSign::Any:
      return false;
    case OutputSign::AsInputs:
      break;
  }
  bool has_float = false;
  for (const std::string& slot : op.def().quant.inputs) {
    for (const Var* input : op.input_list(slot)) {
      if (is_float(input->dtype()) && !is_non_negative(*input, visited)) {
        return false;
      }
      has_float = has_float || is_float(input->dtype());
    }
  }
  return has_float;
}

}  // namespace

bool is_non_negative(const Var& x) {
  std::set<const Var*> visited;
  return is_non_negative(x, visited);
}

}  // namespace intact
