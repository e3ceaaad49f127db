// Reshape, Flatten, Squeeze, Unsqueeze = reshape2, flatten2 or flatten_contiguous_range, squeeze2,
// unsqueeze2.
#include <algorithm>

#include "interop/onnx/converter.h"

namespace intact {
namespace {

void write_reshape(OnnxWriter& writer, const Op& op) {
  writer.require_inputs(op, {"X"});
  const Ints& shape = op.attr<Ints>("shape");
  const std::string target = writer.add_longs(op, "shape", Longs(shape.begin(), shape.end()));
  writer.node("Reshape", {writer.input(op, "X"), target}, writer.output(op, "Out"));
}

void write_flatten2(OnnxWriter& writer, const Op& op) {
  writer.node("Flatten",
              {writer.input(op, "X")},
              writer.output(op, "Out"),
              {{"axis", int64_t{op.attr<int32_t>("axis")}}});
}

void write_flatten_range(OnnxWriter& writer, const Op& op) {
  const Shape& x = op.input("X").shape();
  const int rank = x.rank();
  const int start = (op.attr<int32_t>("start_axis") + rank) % std::max(rank, 1);
  const int stop = (op.attr<int32_t>("stop_axis") + rank) % std::max(rank, 1);
  if (start == 1 && stop == rank - 1) {
    writer.node(
        "Flatten", {writer.input(op, "X")}, writer.output(op, "Out"), {{"axis", int64_t{1}}});
    return;
  }
  Longs shape(static_cast<size_t>(start), 0);  // 0: as in X
  shape.push_back(-1);
  for (int axis = stop + 1; axis < rank; ++axis) {
    if (x[axis] < 0) {
      writer.refuse(op, "flattens {} before a dimension of unknown size", x.to_string());
    }
    shape.push_back(x[axis]);
  }
  writer.node("Reshape",
              {writer.input(op, "X"), writer.add_longs(op, "shape", shape)},
              writer.output(op, "Out"));
}

void write_axes(OnnxWriter& writer, const Op& op) {
  writer.require_inputs(op, {"X"});
  const Ints& axes = op.attr<Ints>("axes");
  std::vector<std::string> inputs = {writer.input(op, "X")};
  if (!axes.empty()) {
    inputs.push_back(writer.add_longs(op, "axes", Longs(axes.begin(), axes.end())));
  }
  writer.node(op.type() == "squeeze2" ? "Squeeze" : "Unsqueeze", inputs, writer.output(op, "Out"));
}

void append(OnnxReader& reader, const OnnxNode& node, const std::string& type, Attributes attrs) {
  reader.append({.type = type,
                 .inputs = {{"X", {&reader.input(node, 0)}}},
                 .outputs = {{"Out", {&reader.output(node)}}},
                 .attrs = std::move(attrs)});
}

void read_reshape(OnnxReader& reader, const OnnxNode& node) {
  node.expect(2, 1, {"allowzero"});
  if (node.integer("allowzero", 0) != 0) {
    fail(ErrorCode::Unsupported, "allowzero is set; a 0 in the shape means the input's dimension");
  }
  append(reader, node, "reshape2", {{"shape", reader.constant_ints(node, 1)}});
}

void read_flatten(OnnxReader& reader, const OnnxNode& node) {
  node.expect(1, 1, {"axis"});
  const int rank = reader.input(node, 0).shape().rank();
  const int32_t given = node.int32("axis", 1);
  const int32_t axis = given < 0 ? given + rank : given;
  if (axis < 0 || axis > rank) {
    fail(ErrorCode::Format, "axis is {} but the input has {} dimensions", given, rank);
  }
  if (axis == 1 && rank > 1) {
    append(reader,
           node,
           "flatten_contiguous_range",
           {{"start_axis", int32_t{1}}, {"stop_axis", int32_t{rank - 1}}});
  } else {
    append(reader, node, "flatten2", {{"axis", axis}});
  }
}

void read_axes(OnnxReader& reader, const OnnxNode& node) {
  node.expect(2, 1, {"axes"});
  Ints axes = node.has_input(1) ? reader.constant_ints(node, 1) : node.ints("axes", Ints{});
  if (node.type() == "Squeeze") {
    append(reader, node, "squeeze2", {{"axes", axes}});
    return;
  }
  // ONNX's axes are those of the result in any order, Paddle's are inserted one after another.
  const int rank = reader.input(node, 0).shape().rank() + static_cast<int>(axes.size());
  for (int32_t& axis : axes) {
    axis += axis < 0 ? rank : 0;
  }
  std::sort(axes.begin(), axes.end());
  append(reader, node, "unsqueeze2", {{"axes", axes}});
}

}  // namespace

void register_reshape(OnnxConverters& converters) {
  converters.add(
      {.ours = {"reshape2"}, .write = write_reshape, .theirs = {"Reshape"}, .read = read_reshape});
  converters.add(
      {.ours = {"flatten2"}, .write = write_flatten2, .theirs = {"Flatten"}, .read = read_flatten});
  converters.add({.ours = {"flatten_contiguous_range"}, .write = write_flatten_range});
  converters.add({.ours = {"squeeze2", "unsqueeze2"},
                  .write = write_axes,
                  .theirs = {"Squeeze", "Unsqueeze"},
                  .read = read_axes});
}

}  // namespace intact
