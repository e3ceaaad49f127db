#include "intact/quant/coverage.h"

#include <set>

#include "quant/ledger_builder.h"

namespace intact {
namespace {

Attributes network_attributes(const Op& op) {
  Attributes attrs = op.attrs();
  std::erase_if(attrs, [&op](const auto& attr) {
    return is_meta_attribute(attr.first) || attr.first == "is_test" ||
           op.def().find_attr(attr.first) == nullptr;
  });
  return attrs;
}

std::set<std::string> needed_labels(const Program& program,
                                    const std::vector<std::string>& feeds,
                                    const std::vector<std::string>& fetches) {
  const Program pruned = program.prune(feeds, fetches);
  std::set<std::string> labels;
  for (const Op* op : pruned.ops()) {
    labels.insert(op->label());
  }
  return labels;
}

}  // namespace

CoverageLedger coverage_ledger(const Program& program,
                               const Scope& scope,
                               const std::vector<std::string>& feeds,
                               const std::vector<std::string>& fetches) {
  const std::set<std::string> labels = needed_labels(program, feeds, fetches);
  std::set<const Op*> needed;
  for (const Op* op : program.ops()) {
    if (labels.contains(op->label())) {
      needed.insert(op);
    }
  }
  const LedgerBuilder builder(scope);
  CoverageLedger ledger;
  for (const Op* op : program.ops()) {
    if (!needed.contains(op) || !is_network_op(*op)) {
      continue;
    }
    LedgerOp entry{.label = op->label(), .attrs = network_attributes(*op)};
    for (const auto& [slot, vars] : op->inputs()) {
      for (const Var* var : vars) {
        entry.inputs.push_back(builder.input(slot, *var, op));
      }
    }
    entry.output_scale = builder.output_scale(*op, needed);
    ledger.ops.push_back(std::move(entry));
  }
  for (const std::string& fetch : fetches) {
    ledger.outputs.push_back(builder.input("fetch", program.var(fetch), nullptr));
  }
  return ledger;
}

std::vector<QuantizedTensor> CoverageLedger::tensors() const {
  std::vector<QuantizedTensor> found;
  std::set<std::string> names;
  for (const LedgerOp& op : ops) {
    for (const LedgerInput& input : op.inputs) {
      if (input.quantized && names.insert(input.quantized->name).second) {
        found.push_back(*input.quantized);
      }
    }
  }
  return found;
}

}  // namespace intact
