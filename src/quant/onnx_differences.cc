// The coverage ledger of FILE.onnx: from the program that was evaluated in training over its
// deployment form to what a reader of the file gets, each step compared with the one before.
#include <algorithm>
#include <map>

#include "base/check.h"
#include "intact/interop/onnx.h"
#include "intact/passes/deployment_form.h"
#include "intact/quant/coverage.h"
#include "intact/runtime/integer_model.h"
#include "intact/tensor/random.h"
#include "quant/compare_programs.h"
#include "quant/tensor_difference.h"

namespace intact {
namespace {

constexpr int64_t kProbeBatch = 2;

using TensorsByName = std::map<std::string, const QuantizedTensor*>;

TensorsByName by_name(const std::vector<QuantizedTensor>& tensors) {
  TensorsByName result;
  for (const QuantizedTensor& tensor : tensors) {
    result[tensor.name] = &tensor;
  }
  return result;
}

Op* find_op(const Program& program, const std::string& label) {
  for (Op* op : program.ops()) {
    if (op->label() == label) {
      return op;
    }
  }
  return nullptr;
}

/// The op that reads a weight of codes, in deployment form; its weight's name.
std::string weight_name(const Op& op) {
  const Op* dequantizer = op.input(op.def().quant.weight).producer();
  if (dequantizer == nullptr || dequantizer->type() != "onnx_dequantize_linear") {
    return "";
  }
  std::string name = dequantizer->input("X").name();
  return name.substr(0, name.rfind("@codes"));
}

/// Batch norm changes a channel's step and sign. Where it is so small that the bias does not fit,
/// codes are rounded to a larger step, and only get smaller.
bool holds_codes_of(const QuantizedTensor& shipped,
                    const QuantizedTensor& trained,
                    bool is_rounded) {
  if (!trained.codes.is_defined() || !shipped.codes.is_defined() ||
      shipped.codes.shape() != trained.codes.shape()) {
    return false;
  }
  const Tensor before = trained.codes.cast(DType::Int32);
  const Tensor after = shipped.codes.cast(DType::Int32);
  return std::ranges::equal(
      before.values<int32_t>(), after.values<int32_t>(), [&](int32_t a, int32_t b) {
        return is_rounded ? std::abs(b) <= std::abs(a) : std::abs(b) == std::abs(a);
      });
}

struct Deployed {
  InferenceModel model;
  std::vector<PassReport> reports;

  /// fold_affine has rounded codes of the op.
  bool is_rounded(const std::string& op) const {
    return std::ranges::any_of(reports, [&](const PassReport& report) {
      return report.reason(op).find("rounded to the bias") != std::string::npos;
    });
  }
};

/// What the deployment form lacks of the program it was made of.
class DeploymentCheck {
 public:
  DeploymentCheck(const CoverageLedger& trained, const Deployed& deployed)
      : trained_(trained),
        deployed_(deployed),
        tensors_(deployed_tensors(deployed.model.program, deployed.model.scope)),
        by_name_(by_name(tensors_)) {}

  std::vector<std::string> differences() {
    for (const LedgerOp& op : trained_.ops) {
      for (const LedgerInput& input : op.inputs) {
        if (input.quantized) {
          input.quantized->is_weight ? check_weight(op, *input.quantized)
                                     : check_activation(op, *input.quantized);
        }
      }
    }
    return std::move(differences_);
  }

 private:
  void check_activation(const LedgerOp& op, const QuantizedTensor& trained) {
    const auto found = by_name_.find(trained.name);
    if (found == by_name_.end()) {
      add(op.label + " reads '" + trained.name + "' quantized in training but as floats");
      return;
    }
    // The range may be narrower, by a relu, and unsigned where nothing is negative.
    QuantizedTensor expected = trained;
    expected.low = std::clamp(found->second->low, trained.low, trained.high);
    expected.high = std::clamp(found->second->high, trained.low, trained.high);
    expected.bits = found->second->bits;
    expected.flaw = "";
    add_difference(op.label, tensor_difference(expected, *found->second));
  }

  void check_weight(const LedgerOp& op, const QuantizedTensor& trained) {
    const Op* deployed = find_op(deployed_.model.program, op.label);
    if (deployed == nullptr) {
      add(op.label + " is missing");
      return;
    }
    const auto found = by_name_.find(weight_name(*deployed));
    if (found == by_name_.end()) {
      add(op.label + " reads '" + trained.name + "' quantized in training but as floats");
    } else if (!holds_codes_of(*found->second, trained, deployed_.is_rounded(op.label))) {
      add(op.label + ": the codes of '" + trained.name + "' differ from training's");
    }
  }

  void add_difference(const std::string& where, const std::string& difference) {
    if (!difference.empty()) {
      add(where + ": " + difference);
    }
  }
  void add(std::string difference) {
    if (std::ranges::find(differences_, difference) == differences_.end()) {
      differences_.push_back(std::move(difference));
    }
  }

  const CoverageLedger& trained_;
  const Deployed& deployed_;
  std::vector<QuantizedTensor> tensors_;
  TensorsByName by_name_;
  std::vector<std::string> differences_;
};

std::vector<std::string> compare_tensors(const InferenceModel& deployed,
                                         const InferenceModel& file) {
  const auto ours = deployed_tensors(deployed.program, deployed.scope);
  const auto theirs = deployed_tensors(file.program, file.scope);
  const TensorsByName there = by_name(theirs);
  const TensorsByName here = by_name(ours);
  std::vector<std::string> differences;
  for (const auto& [name, tensor] : here) {
    const auto found = there.find(name);
    const std::string difference = found == there.end()
                                       ? fmt::format("'{}' is not quantized in the file", name)
                                       : tensor_difference(*tensor, *found->second);
    if (!difference.empty()) {
      differences.push_back(difference);
    }
  }
  for (const auto& [name, tensor] : there) {
    if (!here.contains(name)) {
      differences.push_back(fmt::format("'{}' is quantized in the file only", name));
    }
  }
  return differences;
}

TensorMap random_feeds(const InferenceModel& model) {
  TensorMap feeds;
  for (const std::string& name : model.feeds) {
    const Var& var = model.program.var(name);
    std::vector<int64_t> dims = var.shape().dims();
    std::ranges::replace(dims, -1, kProbeBatch);
    Tensor tensor(var.dtype(), Shape(dims));
    if (var.dtype() == DType::Float32) {
      const Philox random(stream_seed(1, name));
      uint64_t next = 0;
      for (float& value : tensor.values<float>()) {
        value = 4 * random.uniform(next++) - 2;
      }
    }
    feeds.emplace(name, std::move(tensor));
  }
  return feeds;
}

struct Integers {
  std::vector<Tensor> outputs;
  TensorMap codes;
  std::vector<std::string> float_ops;
};

Integers run_integers(const InferenceModel& model, const TensorMap& feeds) {
  const IntegerModel integers =
      IntegerModel::compile(model.program, model.scope, model.feeds, model.fetches);
  IntegerSession session(integers, {.keep_codes = true});
  return {
      .outputs = session.run(feeds), .codes = session.codes(), .float_ops = integers.float_ops()};
}

/// Runs both on one batch: the same codes in every tensor, the same outputs.
std::vector<std::string> compare_integers(const InferenceModel& deployed,
                                          const InferenceModel& file) {
  const TensorMap feeds = random_feeds(deployed);
  const Integers ours = run_integers(deployed, feeds);
  const Integers theirs = run_integers(file, feeds);
  std::vector<std::string> differences;
  for (const auto& [name, codes] : ours.codes) {
    const auto found = theirs.codes.find(name);
    if (found != theirs.codes.end() && !codes.identical(found->second)) {
      differences.push_back(fmt::format("the file computes other integers in '{}'", name));
    }
  }
  for (size_t i = 0; i < ours.outputs.size(); ++i) {
    if (!ours.outputs[i].identical(theirs.outputs[i])) {
      differences.push_back(
          fmt::format("the file computes another output '{}'", deployed.fetches[i]));
    }
  }
  if (theirs.float_ops.size() > ours.float_ops.size()) {
    differences.push_back(fmt::format("the file is computed in float where training was not: {}",
                                      fmt::join(theirs.float_ops, "; ")));
  }
  return differences;
}

Deployed deploy(const InferenceModel& trained) {
  DeploymentForm form = deployment_form(trained.program, trained.scope, trained.fetches);
  return {.model = {.program = std::move(form.program),
                    .feeds = trained.feeds,
                    .fetches = trained.fetches,
                    .scope = std::move(form.scope)},
          .reports = std::move(form.reports)};
}

/// What readers get of a file that this build writes.
InferenceModel written(const InferenceModel& deployed) {
  return read_onnx(write_onnx(deployed.feeds, deployed.fetches, deployed.program, deployed.scope),
                   "dry run");
}

std::vector<std::string> differences_of(const InferenceModel& trained,
                                        const Deployed& deployed,
                                        const InferenceModel& file) {
  const CoverageLedger ledger =
      coverage_ledger(trained.program, trained.scope, trained.feeds, trained.fetches);
  std::vector<std::string> differences = DeploymentCheck(ledger, deployed).differences();
  std::ranges::move(compare_tensors(deployed.model, file), std::back_inserter(differences));
  if (differences.empty()) {
    differences = compare_programs(written(deployed.model), file);
  }
  return differences.empty() ? compare_integers(deployed.model, file) : differences;
}

}  // namespace

std::vector<std::string> onnx_differences(const InferenceModel& trained,
                                          const InferenceModel& file) {
  return differences_of(trained, deploy(trained), file);
}

std::vector<std::string> onnx_export_differences(const InferenceModel& trained) {
  const Deployed deployed = deploy(trained);
  return differences_of(trained, deployed, written(deployed.model));
}

}  // namespace intact
