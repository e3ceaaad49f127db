// Codes to values. fake_dequantize_max_abs and dequantize_abs_max: Out = X * Scale / max_range.
// fake_channel_wise_dequantize_max_abs: one scale list: X_c * S_c / B along quant_axis; two, after
// an integer matrix product: X_c * S1_c * S2 / (B1 * B2) along the channels of the product.
// dequantize_log: Out = Dict[X], or -Dict[X + 128] for negative X.
#include "intact/ir/op_registry.h"
#include "ops/detail/fake_quantize.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

constexpr int kDictionarySize = 128;

void infer_whole(InferContext& op) {
  check(op.shape("Scale").numel() == 1 && is_float(op.dtype("Scale")),
        "{}: Scale is {} {} but must be one float; use shape [1]",
        op.where(),
        to_string(op.dtype("Scale")),
        op.shape("Scale").to_string());
  op.set_output("Out", op.shape("X"), op.dtype("Scale"));
}

void forward_whole(const KernelContext& op) {
  Tensor out = op.output("Out");
  const Tensor x = op.input("X").cast(out.dtype());
  dispatch_float(out.dtype(), op.where(), [&]<class T>(T) {
    const T scale = op.input("Scale").data<T>()[0];
    const T range = op.attr<float>("max_range");
    for (int64_t i = 0; i < x.numel(); ++i) {
      out.data<T>()[i] = dequantize_code(x.data<T>()[i], scale, range);
    }
  });
}

/// The axis of X that Scales[0] runs along.
int channel_axis(const Op& op) {
  if (op.input_list("Scales").size() == 1) {
    return op.attr<int32_t>("quant_axis");
  }
  return std::max(1, op.attr<int32_t>("x_num_col_dims"));
}

void infer_channel_wise(InferContext& op) {
  const Shape& x = op.shape("X");
  const size_t count = op.input_count("Scales");
  const Ints& bits = op.attr<Ints>("quant_bits");
  check(count <= 2 && bits.size() >= count,
        "{}: has {} Scales and {} quant_bits; give one or two scales with their bits",
        op.where(),
        count,
        bits.size());
  const int axis = channel_axis(op.op());
  check(axis >= 0 && axis < x.rank(),
        "{}: the channel axis is {} but X is {}; set quant_axis or x_num_col_dims",
        op.where(),
        axis,
        x.to_string());
  const Shape& scale = op.shape("Scales");
  check(compatible(Shape{scale.numel()}, Shape{x[axis]}),
        "{}: Scales[0] has shape {} but X {} has {} channels along axis {}; give one per channel",
        op.where(),
        scale.to_string(),
        x.to_string(),
        x[axis],
        axis);
  check(count == 1 || op.shape("Scales", 1).numel() == 1,
        "{}: Scales[1] has shape {} but must be one element; use [1]",
        op.where(),
        count == 1 ? "" : op.shape("Scales", 1).to_string());
  op.set_output("Out", x, op.dtype("X"));
}

void forward_channel_wise(const KernelContext& op) {
  const Tensor& x = op.input("X");
  Tensor out = op.output("Out");
  const bool has_two = op.input_count("Scales") == 2;
  const Ints& bits = op.attr<Ints>("quant_bits");
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    T range = static_cast<T>(max_code(bits[0]));
    T second = 1;
    if (has_two) {
      range *= static_cast<T>(max_code(bits[1]));
      second = op.input("Scales", 1).data<T>()[0];
    }
    const T* from = x.data<T>();
    T* to = out.data<T>();
    const ChannelView view = channel_view(x.shape(), channel_axis(op.op()));
    for_each_channel(view, [&](int64_t begin, int64_t end, int64_t channel) {
      const T scale = op.input("Scales").data<T>()[channel];
      for (int64_t i = begin; i < end; ++i) {
        to[i] = has_two ? dequantize_code(from[i] * scale, second, range)
                        : dequantize_code(from[i], scale, range);
      }
    });
  });
}

void infer_log(InferContext& op) {
  const int64_t size = op.shape("Dict").numel();
  check(op.dtype("X") == DType::Int8 && size >= 1 && size <= kDictionarySize,
        "{}: X is {} and Dict {}; use int8 codes and up to 128 values",
        op.where(),
        to_string(op.dtype("X")),
        op.shape("Dict").to_string());
  op.set_output("Out", op.shape("X"), op.dtype("Dict"));
}

void forward_log(const KernelContext& op) {
  Tensor out = op.output("Out");
  const auto codes = op.input("X").values<int8_t>();
  dispatch_float(out.dtype(), op.where(), [&]<class T>(T) {
    const auto values = op.input("Dict").values<T>();
    for (size_t i = 0; i < codes.size(); ++i) {
      const bool is_negative = codes[i] < 0;
      const auto index = static_cast<size_t>(codes[i] + (is_negative ? kDictionarySize : 0));
      check(index < values.size(),
            "{}: X[{}] is the code {} but Dict has {} values; give the Dict of these codes",
            op.where(),
            i,
            int{codes[i]},
            values.size());
      out.data<T>()[i] = is_negative ? -values[index] : values[index];
    }
  });
}

}  // namespace

void register_fake_dequantize(OpRegistry& registry) {
  for (const char* type : {"fake_dequantize_max_abs", "dequantize_abs_max"}) {
    registry.add({.type = type,
                  .inputs = {{"X"}, {"Scale"}},
                  .outputs = {{"Out"}},
                  .attrs = {{.name = "max_range", .default_value = 127.0f, .is_required = true}},
                  .infer = infer_whole,
                  .forward = forward_whole,
                  .gradient = {},
                  .quant = {.inputs = {"X"}, .output_sign = OutputSign::AsInputs}});
  }
  registry.add({.type = "fake_channel_wise_dequantize_max_abs",
                .inputs = {{"X"}, {.name = "Scales", .is_list = true}},
                .outputs = {{"Out"}},
                .attrs = {{"quant_bits", Ints{8}},
                          {"quant_axis", int32_t{0}},
                          {"x_num_col_dims", int32_t{1}}},
                .infer = infer_channel_wise,
                .forward = forward_channel_wise,
                .gradient = {},
                .quant = {.inputs = {"X"}, .output_sign = OutputSign::AsInputs}});
  registry.add({.type = "dequantize_log",
                .inputs = {{"X"}, {"Dict"}},
                .outputs = {{"Out"}},
                .attrs = {},
                .infer = infer_log,
                .forward = forward_log,
                .gradient = {},
                .quant = {.inputs = {"X"}, .output_sign = OutputSign::AsInputs}});
}

}  // namespace intact
