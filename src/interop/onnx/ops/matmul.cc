// MatMul = matmul_v2; transposes and a factor are nodes of their own.
#include <numeric>

#include "interop/onnx/converter.h"

namespace intact {
namespace {

std::string transposed(OnnxWriter& writer,
                       const Op& op,
                       const std::string& slot,
                       const std::string& flag) {
  const std::string& value = writer.input(op, slot);
  const int rank = op.input(slot).shape().rank();
  if (!op.attr<bool>(flag) || rank < 2) {
    return value;
  }
  Longs order(static_cast<size_t>(rank));
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[order.size() - 2], order[order.size() - 1]);
  std::string result = writer.fresh(op, slot + "_transposed");
  writer.node("Transpose", {value}, result, {{"perm", order}});
  return result;
}

void write(OnnxWriter& writer, const Op& op) {
  const bool is_old = op.type() == "matmul";
  const std::string x = transposed(writer, op, "X", is_old ? "transpose_X" : "trans_x");
  const std::string y = transposed(writer, op, "Y", is_old ? "transpose_Y" : "trans_y");
  const float alpha = is_old ? op.attr<float>("alpha") : 1.0f;
  const std::string& output = writer.output(op, "Out");
  const std::string product = alpha == 1 ? output : writer.fresh(op, "product");
  writer.node("MatMul", {x, y}, product);
  if (alpha != 1) {
    writer.node("Mul", {product, writer.add_constant(op, "alpha", Tensor::scalar(alpha))}, output);
  }
}

void read(OnnxReader& reader, const OnnxNode& node) {
  node.expect(2, 1, {});
  reader.append({.type = "matmul_v2",
                 .inputs = {{"X", {&reader.input(node, 0)}}, {"Y", {&reader.input(node, 1)}}},
                 .outputs = {{"Out", {&reader.output(node)}}}});
}

}  // namespace

void register_matmul(OnnxConverters& converters) {
  converters.add(
      {.ours = {"matmul", "matmul_v2"}, .write = write, .theirs = {"MatMul"}, .read = read});
}

}  // namespace intact
