// ReduceMean, ReduceSum, ReduceMax = reduce_mean, reduce_sum, reduce_max; mean is ReduceMean of
// all.
#include "interop/onnx/converter.h"

namespace intact {
namespace {

constexpr int kAxesAreInput = 13;     // ReduceSum
constexpr int kAllAxesAreInput = 18;  // ReduceMean, ReduceMax

void write_node(
    OnnxWriter& writer, const Op& op, const std::string& type, const Longs& axes, bool keep_dim) {
  std::vector<std::string> inputs = {writer.input(op, "X")};
  OnnxAttrs attrs = {{"keepdims", int64_t{keep_dim}}};
  if (!axes.empty() && type == "ReduceSum") {
    inputs.push_back(writer.add_longs(op, "axes", axes));
  } else if (!axes.empty()) {
    attrs.emplace_back("axes", axes);
  }
  writer.node(type, inputs, writer.output(op, "Out"), attrs);
}

void write(OnnxWriter& writer, const Op& op) {
  if (op.attr<int32_t>("out_dtype") != -1 || op.attr<int32_t>("in_dtype") != -1) {
    writer.refuse(op, "changes the dtype; cast in an op of its own");
  }
  const std::string type = op.type() == "reduce_mean"  ? "ReduceMean"
                           : op.type() == "reduce_sum" ? "ReduceSum"
                                                       : "ReduceMax";
  const Ints& dim = op.attr<Ints>("dim");
  const Longs axes = op.attr<bool>("reduce_all") ? Longs{} : Longs(dim.begin(), dim.end());
  write_node(writer, op, type, axes, op.attr<bool>("keep_dim"));
}

void write_mean(OnnxWriter& writer, const Op& op) {
  write_node(writer, op, "ReduceMean", {}, false);
}

void read(OnnxReader& reader, const OnnxNode& node) {
  const int since = node.type() == "ReduceSum" ? kAxesAreInput : kAllAxesAreInput;
  node.expect(reader.opset() >= since ? 2 : 1, 1, {"axes", "keepdims", "noop_with_empty_axes"});
  const Ints axes = node.has_input(1) ? reader.constant_ints(node, 1) : node.ints("axes", Ints{});
  if (axes.empty() && node.integer("noop_with_empty_axes", 0) != 0) {
    reader.append({.type = "assign",
                   .inputs = {{"X", {&reader.input(node, 0)}}},
                   .outputs = {{"Out", {&reader.output(node)}}}});
    return;
  }
  const std::string type = node.type() == "ReduceMean"  ? "reduce_mean"
                           : node.type() == "ReduceSum" ? "reduce_sum"
                                                        : "reduce_max";
  reader.append({.type = type,
                 .inputs = {{"X", {&reader.input(node, 0)}}},
                 .outputs = {{"Out", {&reader.output(node)}}},
                 .attrs = {{"dim", axes.empty() ? Ints{0} : axes},
                           {"reduce_all", axes.empty()},
                           {"keep_dim", node.integer("keepdims", 1) != 0}}});
}

}  // namespace

void register_reduce(OnnxConverters& converters) {
  converters.add({.ours = {"reduce_mean", "reduce_sum", "reduce_max"},
                  .write = write,
                  .theirs = {"ReduceMean", "ReduceSum", "ReduceMax"},
                  .read = read});
  converters.add({.ours = {"mean"}, .write = write_mean});
}

}  // namespace intact
