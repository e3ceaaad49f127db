// Add, Sub, ... = elementwise_add, ...; Paddle's axis becomes trailing dimensions of Y.
// Add(MaxPool(DequantizeLinear(a)), MaxPool(DequantizeLinear(b))), pools of 1x1, = elementwise_add
// of dequantized codes.
#include <algorithm>
#include <map>

#include "interop/onnx/converter.h"

namespace intact {
namespace {

const std::map<std::string, std::string> kForeignType = {{"elementwise_add", "Add"},
                                                         {"elementwise_sub", "Sub"},
                                                         {"elementwise_mul", "Mul"},
                                                         {"elementwise_div", "Div"},
                                                         {"elementwise_max", "Max"},
                                                         {"elementwise_min", "Min"},
                                                         {"elementwise_pow", "Pow"}};

/// Y with ones behind its dimensions, so that they meet X's from `axis` on.
std::string aligned(OnnxWriter& writer, const Op& op) {
  const Var& y = op.input("Y");
  const int x_rank = op.input("X").shape().rank();
  const int32_t axis = op.attr<int32_t>("axis");
  const int missing = axis < 0 ? 0 : x_rank - axis - y.shape().rank();
  if (missing <= 0) {
    return writer.value(y);
  }
  if (const Tensor* constant = writer.constant(y)) {
    std::vector<int64_t> dims = constant->shape().dims();
    dims.resize(dims.size() + static_cast<size_t>(missing), 1);
    return writer.add_constant(op, "aligned", constant->reshaped(Shape(dims)));
  }
  Longs axes;
  for (int i = 0; i < missing; ++i) {
    axes.push_back(y.shape().rank() + i);
  }
  std::string result = writer.fresh(op, "aligned");
  writer.node("Unsqueeze", {writer.value(y), writer.add_longs(op, "axes", axes)}, result);
  return result;
}

const Op* dequantizer_of(const Var& var) {
  const Op* op = var.producers().size() == 1 ? var.producers().front() : nullptr;
  return op != nullptr && op->type() == "onnx_dequantize_linear" ? op : nullptr;
}

bool is_image_of_codes(const Var& var) {
  const Op* op = dequantizer_of(var);
  return op != nullptr && !op->input("X").is_persistable() && var.shape().rank() == 4;
}

/// OpenVINO adds inside the convolution in front and drops the quantization between, unless
/// something lies there. A MaxPool of one element does, and ONNX Runtime fuses around it.
std::string kept_apart(OnnxWriter& writer, const Op& op, const Var& codes) {
  std::string result = writer.fresh(op, &codes == &op.input("X") ? "x" : "y");
  const OnnxAttrs attrs = {{"kernel_shape", Longs{1, 1}}, {"strides", Longs{1, 1}}};
  writer.node("MaxPool", {writer.value(codes)}, result, attrs);
  return result;
}

void write_sum_of_codes(OnnxWriter& writer, const Op& op) {
  const std::string x = kept_apart(writer, op, op.input("X"));
  const std::string y = kept_apart(writer, op, op.input("Y"));
  writer.node("Add", {x, y}, writer.output(op, "Out"));
}

void write(OnnxWriter& writer, const Op& op) {
  if (op.type() == "elementwise_add" && is_image_of_codes(op.input("X")) &&
      is_image_of_codes(op.input("Y"))) {
    return write_sum_of_codes(writer, op);
  }
  for (Op* producer : op.input("X").producers()) {
    if (bias_add_of(writer, *producer) == &op) {
      write_with_bias(writer, *producer, op);
      return;
    }
  }
  const std::string y = aligned(writer, op);
  writer.node(kForeignType.at(op.type()), {writer.input(op, "X"), y}, writer.output(op, "Out"));
}

std::string own_type(const std::string& foreign) {
  for (const auto& [ours, theirs] : kForeignType) {
    if (theirs == foreign) {
      return ours;
    }
  }
  return "elementwise_add";  // Sum
}

/// What a MaxPool that write_sum_of_codes puts there reads; else `var`.
Var& joined_again(OnnxReader& reader, Var& var) {
  Op* pool = var.producers().size() == 1 ? var.producers().front() : nullptr;
  const bool is_one_element =
      pool != nullptr && pool->type() == "pool2d" && pool->attr<Ints>("ksize") == Ints{1, 1} &&
      pool->attr<Ints>("strides") == Ints{1, 1} &&
      std::ranges::all_of(pool->attr<Ints>("paddings"), [](int32_t size) { return size == 0; }) &&
      pool->attr<std::string>("pooling_type") == "max" && !pool->attr<bool>("adaptive");
  if (!is_one_element || dequantizer_of(pool->input("X")) == nullptr) {
    return var;
  }
  reader.supersede(*pool);
  return pool->input("X");
}

void read(OnnxReader& reader, const OnnxNode& node) {
  const bool is_list = node.type() == "Max" || node.type() == "Min" || node.type() == "Sum";
  node.expect(is_list ? node.input_count() : 2, 1, {});
  Var* result = &joined_again(reader, reader.input(node, 0));
  if (is_list && node.input_count() == 1) {
    reader.append({.type = "assign",
                   .inputs = {{"X", {result}}},
                   .outputs = {{"Out", {&reader.output(node)}}}});
    return;
  }
  const int last = std::max(node.input_count() - 1, 1);
  for (int i = 1; i <= last; ++i) {
    Var& y = joined_again(reader, reader.input(node, i));
    Var& out = i == last ? reader.output(node) : reader.temporary(node.type());
    reader.append({.type = own_type(node.type()),
                   .inputs = {{"X", {result}}, {"Y", {&y}}},
                   .outputs = {{"Out", {&out}}}});
    result = &out;
  }
}

}  // namespace

void register_elementwise(OnnxConverters& converters) {
  std::vector<std::string> ours;
  std::vector<std::string> theirs = {"Sum"};
  for (const auto& [our, their] : kForeignType) {
    ours.push_back(our);
    theirs.push_back(their);
  }
  converters.add({.ours = ours, .write = write, .theirs = theirs, .read = read});
}

}  // namespace intact
