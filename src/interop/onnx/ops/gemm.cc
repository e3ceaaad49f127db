// Gemm(A, B, C?) = alpha * A' B' + beta * C. mul is a Gemm of A flattened to a matrix.
#include "interop/onnx/converter.h"

namespace intact {
namespace {

void write(OnnxWriter& writer, const Op& op) {
  if (bias_add_of(writer, op) == nullptr) {
    write_mul(writer, op, {}, writer.output(op, "Out"));
  }  // else where its bias is known
}

Var& multiplied(OnnxReader& reader, Var& x, float factor, Var& out) {
  reader.append({.type = "scale",
                 .inputs = {{"X", {&x}}},
                 .outputs = {{"Out", {&out}}},
                 .attrs = {{"scale", factor}}});
  return out;
}

Op& append_product(OnnxReader& reader, const OnnxNode& node, Var& out) {
  const bool trans_a = node.integer("transA", 0) != 0;
  const bool trans_b = node.integer("transB", 0) != 0;
  Var& a = reader.input(node, 0);
  Var& b = reader.input(node, 1);
  if (a.shape().rank() != 2 || b.shape().rank() != 2) {
    fail(ErrorCode::Format,
         "A is {} and B {}; both must be matrices",
         a.shape().to_string(),
         b.shape().to_string());
  }
  if (!trans_a && !trans_b) {
    return reader.append(
        {.type = "mul", .inputs = {{"X", {&a}}, {"Y", {&b}}}, .outputs = {{"Out", {&out}}}});
  }
  return reader.append({.type = "matmul_v2",
                        .inputs = {{"X", {&a}}, {"Y", {&b}}},
                        .outputs = {{"Out", {&out}}},
                        .attrs = {{"trans_x", trans_a}, {"trans_y", trans_b}}});
}

void read(OnnxReader& reader, const OnnxNode& node) {
  node.expect(3, 1, {"alpha", "beta", "transA", "transB"});
  const float alpha = node.real("alpha", 1.0f);
  const float beta = node.real("beta", 1.0f);
  const bool has_bias = node.has_input(2);
  Var& product = has_bias || alpha != 1 ? reader.temporary("gemm") : reader.output(node);
  append_product(reader, node, product);
  Var* result = &product;
  if (alpha != 1) {
    Var& out = has_bias ? reader.temporary("gemm") : reader.output(node);
    result = &multiplied(reader, product, alpha, out);
  }
  if (has_bias) {
    Var* bias = &reader.input(node, 2);
    if (beta != 1) {
      bias = &multiplied(reader, *bias, beta, reader.temporary("gemm"));
    }
    const int32_t axis = bias->shape().rank() == 1 ? 1 : -1;
    reader.append({.type = "elementwise_add",
                   .inputs = {{"X", {result}}, {"Y", {bias}}},
                   .outputs = {{"Out", {&reader.output(node)}}},
                   .attrs = {{"axis", axis}}});
  }
}

/// X as a matrix. Codes are flattened in front of their DequantizeLinear, which then stays next to
/// the Gemm, as runtimes want it to fuse them.
std::string flattened(OnnxWriter& writer, const Op& op) {
  const OnnxAttrs axis = {{"axis", int64_t{1}}};
  const std::string flat = writer.fresh(op, "flat");
  if (!flattens_codes(op)) {
    writer.node("Flatten", {writer.input(op, "X")}, flat, axis);
    return flat;
  }
  const Op& dequantize = *op.input("X").producer();
  const std::string codes = writer.fresh(op, "flat_codes");
  writer.node("Flatten", {writer.input(dequantize, "X")}, codes, axis);
  writer.node("DequantizeLinear",
              {codes, writer.step(dequantize, "Step"), writer.step(dequantize, "ZeroPoint")},
              flat);
  return flat;
}

}  // namespace

bool flattens_codes(const Op& op) {
  if (op.type() != "mul" || op.attr<int32_t>("x_num_col_dims") != 1 ||
      op.input("X").shape().rank() <= 2) {
    return false;
  }
  const Op* producer = op.input("X").producer();
  return producer != nullptr && producer->type() == "onnx_dequantize_linear" &&
         producer->input("Step").shape().numel() == 1;
}

void write_mul(OnnxWriter& writer,
               const Op& op,
               const std::string& bias,
               const std::string& output) {
  const Shape& x = op.input("X").shape();
  const Shape& y = op.input("Y").shape();
  if (y.rank() != 2 || op.attr<int32_t>("y_num_col_dims") != 1) {
    writer.refuse(op, "Y is {}; only matrices are written", y.to_string());
  }
  const int32_t columns = op.attr<int32_t>("x_num_col_dims");
  std::string matrix;
  if (columns == 1 && x.rank() > 2) {
    matrix = flattened(writer, op);
  } else if (columns == x.rank() - 1 && columns > 1 && bias.empty()) {
    writer.node("MatMul", {writer.input(op, "X"), writer.input(op, "Y")}, output);
    return;
  } else if (columns == 1) {
    matrix = writer.input(op, "X");
  } else {
    writer.refuse(op, "multiplies X {} with x_num_col_dims {}", x.to_string(), columns);
  }
  std::vector<std::string> inputs = {matrix, writer.input(op, "Y")};
  if (!bias.empty()) {
    inputs.push_back(bias);
  }
  writer.node("Gemm", inputs, output);
}

void register_gemm(OnnxConverters& converters) {
  converters.add({.ours = {"mul"}, .write = write, .theirs = {"Gemm"}, .read = read});
}

}  // namespace intact
