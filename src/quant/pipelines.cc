#include "quant/pipelines.h"

#include "intact/passes/passes.h"
#include "quant/passes/passes.h"

namespace intact {

const QuantPasses<const QuantContext>& quant_aware_pipeline() {
  static const QuantPasses<const QuantContext> kPasses = {
      {"mark_skipped_ops", mark_skipped_ops},  // first: the others leave marked ops alone
      {"insert_weight_fake_quant", insert_weight_fake_quant},  // decides which ops have a weight
      {"insert_activation_fake_quant", insert_activation_fake_quant},  // beside those weights
      {"insert_operator_fake_quant", insert_operator_fake_quant},      // what is left: no weight
      {"record_output_scales", record_output_scales},  // last: only tensors without a scale yet
  };
  return kPasses;
}

namespace {

using ConvertPasses = QuantPasses<ConvertContext>;

PassReport write_batch_norm_out(Program& program, ConvertContext& context) {
  return intact::write_batch_norm_out(program, context.scope);
}

const ConvertPasses& plain_pipeline(bool onnx_format) {
  static const ConvertPasses kV1 = {
      {"fold_weight_functions", fold_weight_functions},  // first: the others need stored weights
      {"refresh_weight_scales", refresh_weight_scales},  // the others read the scales
      {"record_output_thresholds", record_output_thresholds},      // while outputs have their names
      {"move_dequantize_behind_ops", move_dequantize_behind_ops},  // while inputs can be traced
      {"freeze_weights", freeze_weights},  // codes into the Scope: ops read integers from here on
      {"remove_dead_dequantize", remove_dead_dequantize},  // nothing reads them any more
      {"remove_observers", remove_observers},              // their scales are thresholds now
  };
  static const ConvertPasses kV2 = {
      {"fold_weight_functions", fold_weight_functions},  // first: the others need stored weights
      {"refresh_weight_scales", refresh_weight_scales},  // the others read the scales
      {"freeze_weights", freeze_weights},                // int8 codes into the Scope
      {"carry_output_scales", carry_output_scales},      // in place of the observers
      {"remove_observers", remove_observers},            // their scales are carried
  };
  return onnx_format ? kV2 : kV1;
}

const ConvertPasses& exact_pipeline(bool onnx_format) {
  static const ConvertPasses kV1 = [] {
    ConvertPasses passes = plain_pipeline(/*onnx_format=*/false);
    passes.push_back(QuantPass<ConvertContext>{"write_batch_norm_out", write_batch_norm_out});
    return passes;
  }();
  static const ConvertPasses kV2 = {
      {"fold_weight_functions", fold_weight_functions},            // as in V2
      {"refresh_weight_scales", refresh_weight_scales},            // as in V2
      {"record_output_thresholds", record_output_thresholds},      // as in V1
      {"move_dequantize_behind_ops", move_dequantize_behind_ops},  // as in V1
      {"freeze_weights", freeze_weights},                          // as in V2
      {"cast_weight_codes", cast_weight_codes},                    // now that codes are stored
      {"remove_dead_dequantize", remove_dead_dequantize},          // as in V1
      {"remove_observers", remove_observers},                      // as in V1
      {"write_batch_norm_out", write_batch_norm_out},  // last: the others know batch norm
  };
  return onnx_format ? kV2 : kV1;
}

}  // namespace

const ConvertPasses& convert_pipeline(bool onnx_format, bool exact) {
  return exact ? exact_pipeline(onnx_format) : plain_pipeline(onnx_format);
}

const QuantPasses<ConvertContext>& int8_pipeline(bool onnx_format) {
  static const QuantPasses<ConvertContext> kV1 = {
      {"convert_weights_to_int8", convert_weights_to_int8},  // on a copy of the float program
  };
  static const QuantPasses<ConvertContext> kV2 = {};  // its weights are int8 already
  return onnx_format ? kV2 : kV1;
}

}  // namespace intact
