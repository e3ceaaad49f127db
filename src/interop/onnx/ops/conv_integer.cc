// ConvInteger, QLinearConv = onnx_conv_integer, onnx_qlinear_conv: the same inputs in the same
// order.
#include "intact/ir/op_registry.h"
#include "interop/onnx/converter.h"
#include "interop/onnx/window.h"

namespace intact {
namespace {

void write(OnnxWriter& writer, const Op& op) {
  const Ints& strides = op.attr<Ints>("strides");
  const Ints& dilations = op.attr<Ints>("dilations");
  const Shape& filter = op.input("Filter").shape();
  std::vector<std::string> inputs;
  for (const SlotDef& slot : op.def().inputs) {
    inputs.push_back(op.has_input(slot.name) ? writer.input(op, slot.name) : "");
  }
  while (inputs.back().empty()) {
    inputs.pop_back();
  }
  writer.node(op.type() == "onnx_conv_integer" ? "ConvInteger" : "QLinearConv",
              inputs,
              writer.output(op, "Y"),
              {{"kernel_shape", Longs{filter[2], filter[3]}},
               {"strides", Longs(strides.begin(), strides.end())},
               {"dilations", Longs(dilations.begin(), dilations.end())},
               {"group", int64_t{op.attr<int32_t>("groups")}},
               {"pads", pads_of(writer, op)}});
}

void read(OnnxReader& reader, const OnnxNode& node) {
  const std::string type = node.type() == "ConvInteger" ? "onnx_conv_integer" : "onnx_qlinear_conv";
  const std::vector<SlotDef>& slots = op_registry().get(type).inputs;
  node.expect(static_cast<int>(slots.size()),
              1,
              {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"});
  OpSpec spec{.type = type, .outputs = {{"Y", {&reader.output(node)}}}};
  for (size_t i = 0; i < slots.size(); ++i) {
    if (node.has_input(static_cast<int>(i)) || !slots[i].is_optional) {
      spec.inputs[slots[i].name] = {&reader.input(node, static_cast<int>(i))};
    }
  }
  const OnnxWindow window = read_conv_window(
      node, spec.inputs["X"].front()->shape(), spec.inputs["Filter"].front()->shape());
  spec.attrs = {{"strides", window.strides},
                {"paddings", window.paddings},
                {"dilations", window.dilations},
                {"groups", node.int32("group", 1)}};
  reader.append(std::move(spec));
}

}  // namespace

void register_conv_integer(OnnxConverters& converters) {
  converters.add({.ours = {"onnx_conv_integer", "onnx_qlinear_conv"},
                  .write = write,
                  .theirs = {"ConvInteger", "QLinearConv"},
                  .read = read});
}

}  // namespace intact
