#pragma once

#include <optional>
#include <string>
#include <vector>

#include "intact/ir/pass_report.h"
#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/quant/quant_config.h"

namespace intact {

/// Weights become integers, activations stay float: no data is needed.
struct QuantPostDynamicOptions {
  /// Of conv2d, depthwise_conv2d and mul.
  std::vector<std::string> quantizable_op_type = {"conv2d", "mul"};
  int weight_bits = 8;  // 8: int8, 16: int16
  /// ChannelWiseAbsMax (steps along the output channels) or AbsMax (one step).
  QuantizeType weight_quantize_type = QuantizeType::ChannelWiseAbsMax;
  /// AbsMax only: share of the largest values that is clipped, by a histogram of 5000 bins.
  double threshold_rate = 0;
  /// Also make the model whose weights are float again.
  bool generate_test_model = false;
  const Scope* scope = &global_scope();  // the float model's; never altered
};

struct QuantPostDynamic {
  /// Weights are integers under their own names. Ops that read them carry `quantization_type`
  /// ("post_weight_channel_wise_abs_max" or "post_weight_abs_max"), `quantize_weight_bits` and
  /// `<weight>_quant_scale`: the value of one code, per channel.
  Program program;
  /// Every persistable of the program.
  Scope scope;
  /// The test model: the same with float32 weights of code * step.
  std::optional<Program> test_program;
  std::optional<Scope> test_scope;
  /// What was quantized, and why not.
  PassReport report;
};

/// Throws: InvalidArgument (an option), NotFound (a weight), Unsupported (weights of an op type
/// that cannot be served, or that are no float32).
/// Source: PaddleSlim 2.6.0 quant_post_dynamic, spec 8.2.
QuantPostDynamic quant_post_dynamic(const Program& program,
                                    const QuantPostDynamicOptions& options = {});

/// Names of its passes, in order.
std::vector<std::string> quant_post_dynamic_passes();

/// The same from file to file: reads `model` as load_inference_model does, ignoring options.scope,
/// and writes save_dir/quantized_model/<name>.pdmodel and .pdiparams, and those of
/// save_dir/test_model when asked for. Throws besides: what load_inference_model and
/// save_inference_model throw.
QuantPostDynamic quant_post_dynamic(const std::string& model,
                                    const std::string& save_dir,
                                    const QuantPostDynamicOptions& options = {},
                                    const std::string& name = "model");

/// Gives integer weights the float values they stand for, in place: Executor's fast kernels take
/// floats. Ops without steps are left alone.
void dequantize_weights(Program& program, Scope& scope);

}  // namespace intact
