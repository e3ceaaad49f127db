// Conv(X, W, B?) = conv2d or depthwise_conv2d, then elementwise_add of B per channel.
#include "interop/onnx/converter.h"
#include "interop/onnx/window.h"

namespace intact {
namespace {

void write(OnnxWriter& writer, const Op& op) {
  if (bias_add_of(writer, op) == nullptr) {
    write_conv(writer, op, {}, writer.output(op, "Output"));
  }  // else where its bias is known
}

void read(OnnxReader& reader, const OnnxNode& node) {
  node.expect(3, 1, {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"});
  Var& input = reader.input(node, 0);
  Var& filter = reader.input(node, 1);
  const OnnxWindow window = read_conv_window(node, input.shape(), filter.shape());
  const int32_t groups = node.int32("group", 1);
  const bool is_depthwise = groups > 1 && groups == input.shape()[1];
  Var& output = node.has_input(2) ? reader.temporary("conv") : reader.output(node);
  reader.append({.type = is_depthwise ? "depthwise_conv2d" : "conv2d",
                 .inputs = {{"Input", {&input}}, {"Filter", {&filter}}},
                 .outputs = {{"Output", {&output}}},
                 .attrs = {{"strides", window.strides},
                           {"paddings", window.paddings},
                           {"dilations", window.dilations},
                           {"groups", groups}}});
  if (node.has_input(2)) {
    reader.append({.type = "elementwise_add",
                   .inputs = {{"X", {&output}}, {"Y", {&reader.input(node, 2)}}},
                   .outputs = {{"Out", {&reader.output(node)}}},
                   .attrs = {{"axis", 1}}});
  }
}

}  // namespace

void write_conv(OnnxWriter& writer,
                const Op& op,
                const std::string& bias,
                const std::string& output) {
  writer.require_inputs(op, {"Input", "Filter"});
  const Ints& strides = op.attr<Ints>("strides");
  const Ints& dilations = op.attr<Ints>("dilations");
  const Shape& filter = op.input("Filter").shape();
  OnnxAttrs attrs = {{"kernel_shape", Longs{filter[2], filter[3]}},
                     {"strides", Longs(strides.begin(), strides.end())},
                     {"group", int64_t{op.attr<int32_t>("groups")}}};
  if (op.attr<std::string>("padding_algorithm") == "SAME") {
    attrs.emplace_back("dilations", Longs{1, 1});  // as Paddle has it
  } else {
    attrs.emplace_back("dilations", Longs(dilations.begin(), dilations.end()));
  }
  add_padding(writer, op, attrs);
  std::vector<std::string> inputs = {writer.input(op, "Input"), writer.input(op, "Filter")};
  if (!bias.empty()) {
    inputs.push_back(bias);
  }
  writer.node("Conv", inputs, output, attrs);
}

void register_conv(OnnxConverters& converters) {
  converters.add(
      {.ours = {"conv2d", "depthwise_conv2d"}, .write = write, .theirs = {"Conv"}, .read = read});
}

}  // namespace intact
