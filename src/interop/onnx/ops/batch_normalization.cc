// BatchNormalization(X, scale, B, mean, var) = batch_norm in test mode.
#include "interop/onnx/converter.h"

namespace intact {
namespace {

void write(OnnxWriter& writer, const Op& op) {
  writer.require_inputs(op, {"X", "Scale", "Bias", "Mean", "Variance"});
  const bool uses_batch =
      op.attr<bool>("trainable_statistics") && !op.attr<bool>("use_global_stats");
  if (uses_batch || !op.has_input("Scale") || !op.has_input("Bias")) {
    writer.refuse(op, "normalizes by the batch or without scale and bias; fold it first");
  }
  writer.node("BatchNormalization",
              {writer.input(op, "X"),
               writer.input(op, "Scale"),
               writer.input(op, "Bias"),
               writer.input(op, "Mean"),
               writer.input(op, "Variance")},
              writer.output(op, "Y"),
              {{"epsilon", op.attr<float>("epsilon")}, {"momentum", op.attr<float>("momentum")}});
}

void read(OnnxReader& reader, const OnnxNode& node) {
  node.expect(5, 1, {"epsilon", "momentum", "training_mode", "spatial"});
  if (reader.opset() < 7 || node.integer("training_mode", 0) != 0 ||
      node.integer("spatial", 1) != 1) {
    fail(ErrorCode::Unsupported,
         "it trains, or is not per channel; export the model for inference");
  }
  // batch_norm names its running statistics as outputs, too.
  reader.constant(node, 3);
  reader.constant(node, 4);
  Var& mean = reader.input(node, 3);
  Var& variance = reader.input(node, 4);
  reader.append({.type = "batch_norm",
                 .inputs = {{"X", {&reader.input(node, 0)}},
                            {"Scale", {&reader.input(node, 1)}},
                            {"Bias", {&reader.input(node, 2)}},
                            {"Mean", {&mean}},
                            {"Variance", {&variance}}},
                 .outputs = {{"Y", {&reader.output(node)}},
                             {"MeanOut", {&mean}},
                             {"VarianceOut", {&variance}}},
                 .attrs = {{"is_test", true},
                           {"epsilon", node.real("epsilon", 1e-5f)},
                           {"momentum", node.real("momentum", 0.9f)}}});
}

}  // namespace

void register_batch_normalization(OnnxConverters& converters) {
  converters.add(
      {.ours = {"batch_norm"}, .write = write, .theirs = {"BatchNormalization"}, .read = read});
}

}  // namespace intact
