#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "intact/interop/inference_model.h"
#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/quant/quant_config.h"
#include "intact/tensor/tensor.h"

namespace intact {

/// How one tensor becomes integers.
struct QuantizedTensor {
  std::string name;  // of the float tensor
  bool is_weight = false;
  int bits = 8;  // 0: the form does not say (V1, one scale a weight)
  int32_t zero_point = 0;
  int32_t low = -127;
  int32_t high = 127;
  int axis = -1;                  // channel axis of the steps; -1: one
  std::vector<float> steps = {};  // real value of one code; empty: its scale has no value
  std::string source = {};        // what makes the codes, and from which scale
  std::string flaw = {};  // why its quantizer and dequantizer do not fit; empty when they do
  std::string codes_digest = {};  // SHA-256 of a weight's codes
  Tensor codes = {};              // a weight's
};

/// What an op reads in one place.
struct LedgerInput {
  std::string slot;
  std::string tensor;  // looked through quantizers
  std::optional<QuantizedTensor> quantized = {};
  std::string digest = {};  // SHA-256 of a parameter that is not quantized
  std::string flaw = {};    // why what it reads is no value of the tensor
};

struct LedgerOp {
  std::string label;  // Op::label()
  Attributes attrs = {};
  std::vector<LedgerInput> inputs = {};
  std::optional<float> output_scale = {};  // recorded abs max of its output
};

/// Every op a model's outputs need, every tensor it reads, and how that is quantized; quantizers
/// themselves are no ops. The same for a program of quant_aware for evaluation, for what convert
/// makes of it, and for what is read back from the file.
struct CoverageLedger {
  std::vector<LedgerOp> ops = {};
  std::vector<LedgerInput> outputs = {};

  /// Distinct quantized tensors, in order of their first use.
  std::vector<QuantizedTensor> tensors() const;
  /// One line a tensor: name, bits, steps, source.
  std::string to_text() const;
  std::string to_json() const;
};

/// Throws: NotFound (a feed or fetch).
CoverageLedger coverage_ledger(const Program& program,
                               const Scope& scope,
                               const std::vector<std::string>& feeds,
                               const std::vector<std::string>& fetches);

/// One sentence for everything of `trained` that `shipped` lacks or has otherwise, and for every
/// op `shipped` has besides.
std::vector<std::string> compare_coverage(const CoverageLedger& trained,
                                          const CoverageLedger& shipped);

/// Converts a quantized program for evaluation, writes it as a Paddle file, reads that back and
/// compares: what the file lacks of `trained`, or an empty list. Nothing is left on disk. Throws
/// what convert throws.
std::vector<std::string> export_differences(const Program& quant_val_program,
                                            const Scope& scope,
                                            const QuantConfig& config,
                                            const std::vector<std::string>& feeds,
                                            const std::vector<std::string>& fetches);

/// The tensors that a Program in deployment form has as codes, in program order: what its
/// quantizers write, and constants behind dequantizers, biases among them.
std::vector<QuantizedTensor> deployed_tensors(const Program& program, const Scope& scope);
std::string coverage_json(const std::vector<QuantizedTensor>& tensors);

/// One sentence for everything that `file`, read back from ONNX, has otherwise than `trained`, a
/// quantized program for evaluation: tensors, codes, steps, zero points, ops, and the integers that
/// both compute from one batch of random numbers. Throws: what deployment_form and write_onnx
/// throw.
std::vector<std::string> onnx_differences(const InferenceModel& trained,
                                          const InferenceModel& file);

/// Writes `trained` as ONNX, reads that back and compares. Nothing is left on disk.
std::vector<std::string> onnx_export_differences(const InferenceModel& trained);

/// Something of a quantized model that does not ship as it is trained.
struct CoverageGap {
  std::string op;
  std::string reason;
  std::string remedy;
  std::string to_text() const { return op + ": " + reason + "; " + remedy; }
};

}  // namespace intact
