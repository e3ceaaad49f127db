// onnx_quantize_linear: Y = clamp(rint(X / Step) + ZeroPoint, qmin, qmax), ties to even, Y of
// ZeroPoint's dtype (int8 or uint8). onnx_dequantize_linear: Y = (X - ZeroPoint) * Step, X int8,
// uint8 or int32. Per tensor (Step has one element) or per entry of `axis`. They are ONNX's
// QuantizeLinear and DequantizeLinear, of which the deployment form is made: Paddle's ops hold an
// absolute maximum, from which a step cannot be had back bit for bit. qmin and qmax narrow the
// dtype's range, which ONNX writes as a Clip.
#include <algorithm>
#include <limits>

#include "base/check.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/fake_quantize.h"
#include "tensor/affine_quantize.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

int axis_of(const InferContext& op) {
  const int32_t axis = op.attr<int32_t>("axis");
  const int rank = op.shape("X").rank();
  check(axis >= -rank && axis < std::max(rank, 1),
        "{}: axis is {} but X has {} dimensions; give one of them",
        op.where(),
        axis,
        rank);
  return axis < 0 ? axis + rank : axis;
}

void check_parameters(InferContext& op) {
  const Shape& step = op.shape("Step");
  const Shape& zero_point = op.shape("ZeroPoint");
  check(op.dtype("Step") == DType::Float32 && step.numel() == zero_point.numel(),
        "{}: Step is {} {} and ZeroPoint {}; give float32 steps and as many zero points",
        op.where(),
        to_string(op.dtype("Step")),
        step.to_string(),
        zero_point.to_string());
  if (step.numel() != 1) {
    const int64_t channels = op.shape("X")[axis_of(op)];
    check(channels < 0 || channels == step.numel(),
          "{}: Step {} does not match X {} along axis {}; give one step or one per channel",
          op.where(),
          step.to_string(),
          op.shape("X").to_string(),
          op.attr<int32_t>("axis"));
  }
}

bool is_code(DType dtype) {
  return dtype == DType::Int8 || dtype == DType::UInt8;
}

CodeRange range_of(const Op& op, DType dtype) {
  const CodeRange all = dtype == DType::Int8 ? CodeRange{-128, 127} : CodeRange{0, 255};
  return {std::max(all.lo, op.attr<int32_t>("qmin")), std::min(all.hi, op.attr<int32_t>("qmax"))};
}

void infer_quantize(InferContext& op) {
  check_parameters(op);
  const DType dtype = op.dtype("ZeroPoint");
  check(op.dtype("X") == DType::Float32 && is_code(dtype),
        "{}: X is {} and ZeroPoint {}; X must be float32, ZeroPoint int8 or uint8",
        op.where(),
        to_string(op.dtype("X")),
        to_string(dtype));
  const CodeRange range = range_of(op.op(), dtype);
  check(range.lo <= range.hi,
        "{}: qmin {} and qmax {} leave no code of {}; give a range within the dtype's",
        op.where(),
        op.attr<int32_t>("qmin"),
        op.attr<int32_t>("qmax"),
        to_string(dtype));
  op.set_output("Y", op.shape("X"), dtype);
}

void infer_dequantize(InferContext& op) {
  check_parameters(op);
  const DType dtype = op.dtype("X");
  check((is_code(dtype) || dtype == DType::Int32) && op.dtype("ZeroPoint") == dtype,
        "{}: X is {} and ZeroPoint {}; both must be int8, uint8 or int32, and the same",
        op.where(),
        to_string(dtype),
        to_string(op.dtype("ZeroPoint")));
  op.set_output("Y", op.shape("X"), DType::Float32);
}

ChannelView view_of(const KernelContext& op) {
  const Shape& x = op.input("X").shape();
  if (op.input("Step").numel() == 1) {
    return whole_tensor(x);
  }
  const int32_t axis = op.attr<int32_t>("axis");
  return channel_view(x, axis < 0 ? axis + x.rank() : axis);
}

/// body(T{}) with the C++ type of int8, uint8 or int32.
template <class Body>
void dispatch_code(DType dtype, const Body& body) {
  switch (dtype) {
    case DType::Int8:
      return body(int8_t{});
    case DType::UInt8:
      return body(uint8_t{});
    default:
      return body(int32_t{});
  }
}

void quantize_forward(const KernelContext& op) {
  const float* x = op.input("X").data<float>();
  const float* step = op.input("Step").data<float>();
  Tensor y = op.output("Y");
  const CodeRange range = range_of(op.op(), y.dtype());
  dispatch_code(y.dtype(), [&]<class T>(T) {
    const T* zero_point = op.input("ZeroPoint").data<T>();
    for_each_channel(view_of(op), [&](int64_t begin, int64_t end, int64_t c) {
      for (int64_t i = begin; i < end; ++i) {
        y.data<T>()[i] = static_cast<T>(quantize_affine(x[i], step[c], zero_point[c], range));
      }
    });
  });
}

void dequantize_forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  const float* step = op.input("Step").data<float>();
  Tensor y = op.output("Y");
  dispatch_code(x.dtype(), [&]<class T>(T) {
    const T* zero_point = op.input("ZeroPoint").data<T>();
    for_each_channel(view_of(op), [&](int64_t begin, int64_t end, int64_t c) {
      for (int64_t i = begin; i < end; ++i) {
        y.data<float>()[i] = dequantize_affine(x.data<T>()[i], step[c], zero_point[c]);
      }
    });
  });
}

}  // namespace

void register_onnx_quantize_linear(OpRegistry& registry) {
  const std::vector<SlotDef> inputs = {{"X"}, {"Step"}, {"ZeroPoint"}};
  registry.add({.type = "onnx_quantize_linear",
                .inputs = inputs,
                .outputs = {{"Y"}},
                .attrs = {{"axis", int32_t{1}},
                          {"qmin", std::numeric_limits<int32_t>::min()},
                          {"qmax", std::numeric_limits<int32_t>::max()}},
                .infer = infer_quantize,
                .forward = quantize_forward,
                .gradient = {},
                .quant = {.inputs = {"X"}, .output_sign = OutputSign::AsInputs}});
  registry.add({.type = "onnx_dequantize_linear",
                .inputs = inputs,
                .outputs = {{"Y"}},
                .attrs = {{"axis", int32_t{1}}},
                .infer = infer_dequantize,
                .forward = dequantize_forward,
                .gradient = {},
                .quant = {.inputs = {"X"}, .output_sign = OutputSign::AsInputs}});
}

}  // namespace intact
