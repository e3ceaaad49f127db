#include "interop/onnx/graph_writer.h"

namespace intact {
namespace {

bool takes_bias(const Op& op) {
  if (op.type() == "mul") {
    return op.attr<int32_t>("x_num_col_dims") == 1 && op.input("Y").shape().rank() == 2;
  }
  return op.type() == "conv2d" || op.type() == "depthwise_conv2d";
}

}  // namespace

const Op* bias_add_of(const OnnxWriter& writer, const Op& op) {
  if (!takes_bias(op)) {
    return nullptr;
  }
  const Var& sum = op.output(op.type() == "mul" ? "Out" : "Output");
  if (writer.is_fetched(sum) || sum.consumers().size() != 1 || sum.producers().size() != 1) {
    return nullptr;
  }
  const Op& add = *sum.consumers().front();
  if (add.type() != "elementwise_add" || &add.input("X") != &sum || &add.input("Y") == &sum) {
    return nullptr;
  }
  const Shape& bias = add.input("Y").shape();
  const int32_t axis = add.attr<int32_t>("axis");
  const bool is_per_channel = axis == 1 || (axis == -1 && sum.shape().rank() == 2);
  return is_per_channel && bias.rank() == 1 && bias[0] == sum.shape()[1] ? &add : nullptr;
}

void write_with_bias(OnnxWriter& writer, const Op& producer, const Op& add) {
  const std::string bias = writer.input(add, "Y");
  const std::string& output = writer.output(add, "Out");
  if (producer.type() == "mul") {
    write_mul(writer, producer, bias, output);
  } else {
    write_conv(writer, producer, bias, output);
  }
}

}  // namespace intact
