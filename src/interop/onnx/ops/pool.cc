// MaxPool, AveragePool, GlobalMaxPool, GlobalAveragePool = pool2d.
#include "interop/onnx/converter.h"
#include "interop/onnx/window.h"

namespace intact {
namespace {

/// An adaptive pool whose bins are equal windows.
OnnxAttrs adaptive_window(const OnnxWriter& writer, const Op& op) {
  const Ints& ksize = op.attr<Ints>("ksize");
  const Shape& x = op.input("X").shape();
  Longs window;
  for (int axis = 0; axis < 2; ++axis) {
    if (x[2 + axis] < 0 || x[2 + axis] % ksize[axis] != 0) {
      writer.refuse(op,
                    "pools {} adaptively to {}, which are no equal windows; ONNX has no such op",
                    x.to_string(),
                    ksize);
    }
    window.push_back(x[2 + axis] / ksize[axis]);
  }
  return {{"kernel_shape", window}, {"strides", window}};
}

void write(OnnxWriter& writer, const Op& op) {
  const bool is_max = op.attr<std::string>("pooling_type") == "max";
  const bool is_adaptive = op.attr<bool>("adaptive");
  const Ints& ksize = op.attr<Ints>("ksize");
  const std::string input = writer.input(op, "X");
  const std::string& output = writer.output(op, "Out");
  if (op.attr<bool>("global_pooling") || (is_adaptive && ksize == Ints{1, 1})) {
    writer.node(is_max ? "GlobalMaxPool" : "GlobalAveragePool", {input}, output);
    return;
  }
  OnnxAttrs attrs;
  if (is_adaptive) {
    attrs = adaptive_window(writer, op);
  } else {
    const Ints& strides = op.attr<Ints>("strides");
    attrs = {{"kernel_shape", Longs(ksize.begin(), ksize.end())},
             {"strides", Longs(strides.begin(), strides.end())},
             {"ceil_mode", int64_t{op.attr<bool>("ceil_mode")}}};
    add_padding(writer, op, attrs);
  }
  if (!is_max) {
    attrs.emplace_back("count_include_pad", int64_t{!op.attr<bool>("exclusive")});
  }
  writer.node(is_max ? "MaxPool" : "AveragePool", {input}, output, attrs);
}

void read(OnnxReader& reader, const OnnxNode& node) {
  const bool is_max = node.type() == "MaxPool";
  std::set<std::string> attrs = {
      "auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"};
  if (!is_max) {
    attrs.insert("count_include_pad");
  }
  node.expect(1, 1, attrs);
  Var& input = reader.input(node, 0);
  const OnnxWindow window = read_window(node, input.shape(), node.ints("kernel_shape"));
  if (window.dilations != Ints{1, 1}) {
    fail(ErrorCode::Unsupported, "dilations is {}; only [1, 1] is supported", window.dilations);
  }
  reader.append({.type = "pool2d",
                 .inputs = {{"X", {&input}}},
                 .outputs = {{"Out", {&reader.output(node)}}},
                 .attrs = {{"ksize", window.kernel},
                           {"strides", window.strides},
                           {"paddings", window.paddings},
                           {"ceil_mode", node.integer("ceil_mode", 0) != 0},
                           {"exclusive", node.integer("count_include_pad", 0) == 0},
                           {"pooling_type", std::string(is_max ? "max" : "avg")}}});
}

void read_global(OnnxReader& reader, const OnnxNode& node) {
  node.expect(1, 1, {});
  const bool is_max = node.type() == "GlobalMaxPool";
  reader.append({.type = "pool2d",
                 .inputs = {{"X", {&reader.input(node, 0)}}},
                 .outputs = {{"Out", {&reader.output(node)}}},
                 .attrs = {{"ksize", Ints{1, 1}},
                           {"adaptive", true},
                           {"pooling_type", std::string(is_max ? "max" : "avg")}}});
}

}  // namespace

void register_pool(OnnxConverters& converters) {
  converters.add(
      {.ours = {"pool2d"}, .write = write, .theirs = {"MaxPool", "AveragePool"}, .read = read});
  converters.add({.theirs = {"GlobalMaxPool", "GlobalAveragePool"}, .read = read_global});
}

}  // namespace intact
