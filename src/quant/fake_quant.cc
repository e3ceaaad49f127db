#include "quant/fake_quant.h"

#include <algorithm>

#include "base/check.h"
#include "intact/ir/op_registry.h"
#include "intact/tensor/quantize.h"
#include "ir/quantizer_range.h"
#include "ops/detail/pair_limit.h"
#include "passes/sign.h"
#include "quant/op_selection.h"
#include "quant/scope_values.h"

namespace intact {
namespace {

constexpr float kActivationScale = 0.001f;  // initial values: spec 4
constexpr float kOutputScale = 1.0f;
constexpr float kAverage = 1.0f;
constexpr int kPortableWeightBits = 7;
constexpr int kUnsignedBits = 9;  // B = 255; without negative values, codes 0..255

/// Adds quantizer ops for one tensor and creates their Vars and initial values.
class Inserter {
 public:
  Inserter(Rewriter& rewriter,
           const QuantContext& context,
           QuantSource source,
           const Op& anchor,
           FakeQuantSpec spec)
      : rewriter_(rewriter),
        context_(context),
        name_(source.tensor.name()),
        x_(source.x),
        anchor_(anchor),
        spec_(spec) {}

  bool is_v2() const { return context_.config.onnx_format; }

  /// The op reads its scale and does not compute a new one.
  bool is_test() const {
    const QuantConfig& config = context_.config;
    const bool is_fixed = context_.options.for_test || !config.scale_trainable;
    const bool is_abs_max =
        spec_.type == QuantizeType::AbsMax || spec_.type == QuantizeType::ChannelWiseAbsMax;
    if (spec_.is_weight && is_abs_max && config.weight_scales == WeightScales::Recompute) {
      return false;
    }
    return is_fixed;
  }

  Var& temporary(const std::string& name) {
    return rewriter_.block().add_var(name, x_.dtype(), x_.shape());
  }

  /// Persistable; its value in the Scope is kept when there is one of this shape.
  Var& persistable(const std::string& name, DType dtype, const Shape& shape, double initial) {
    ensure_value(context_.scope, name, dtype, shape, initial, context_.notes);
    if (Var* known = rewriter_.block().find_var(name)) {
      return *known;
    }
    return rewriter_.block().add_var(name, dtype, shape, {.is_persistable = true});
  }

  Shape scale_shape() const { return spec_.axis < 0 ? Shape{1} : Shape{x_.shape()[spec_.axis]}; }

  /// The tensor's scale in scale_dict, or `otherwise`.
  float given_scale(float otherwise) const {
    const auto given = context_.options.scale_dict.find(name_);
    const bool is_given = given != context_.options.scale_dict.end() && !spec_.is_weight;
    return is_given ? given->second : otherwise;
  }

  Var& scale(const std::string& tensor, float initial) {
    return persistable(tensor + "@scale", x_.dtype(), scale_shape(), given_scale(initial));
  }

  /// In/Out slots of the moving average, in place. It starts at a given scale.
  void add_average(OpSpec& op, const std::string& tensor) {
    Var& state = persistable(tensor + "@state", x_.dtype(), {1}, kAverage);
    Var& accum = persistable(tensor + "@accum", x_.dtype(), {1}, kAverage * given_scale(1));
    op.inputs["InState"] = op.outputs["OutState"] = {&state};
    op.inputs["InAccum"] = op.outputs["OutAccum"] = {&accum};
  }

  /// Some value may lie below -scale, where Paddle's rule 0 would give the code -B-1.
  bool can_exceed_scale() const {
    if (spec_.is_weight) {
      return context_.config.weight_scales == WeightScales::Recorded ||
             spec_.type == QuantizeType::RangeAbsMax ||
             spec_.type == QuantizeType::MovingAverageAbsMax;
    }
    return spec_.type != QuantizeType::AbsMax && !is_non_negative(x_);
  }

  /// Rule 0 where its code -B-1 cannot occur or is a u8 code like others.
  void set_rounding(OpSpec& op) const {
    RoundType rule = RoundType::TiesToEven;
    if (context_.config.is_portable()) {
      op.attrs["round_type"] = static_cast<int32_t>(rule);
      return;
    }
    switch (context_.config.round_type) {
      case QuantRounding::TiesToEven:
        rule = can_exceed_scale() ? RoundType::TiesAwayFromZero : RoundType::TiesToEven;
        break;
      case QuantRounding::TiesAwayFromZero:
        rule = RoundType::TiesAwayFromZero;
        break;
      case QuantRounding::Reference:
        rule = is_v2() ? RoundType::TiesToEven : RoundType::TiesAwayFromZero;
        break;
    }
    op.attrs["round_type"] = static_cast<int32_t>(rule);
  }

  void set_portable(OpSpec& op) const {
    if (spec_.zero_point.has_value()) {
      op.attrs[kZeroPointAttribute] = *spec_.zero_point;
    }
    if (spec_.pair_limit > 0) {
      op.attrs[kPairLimitAttribute] = spec_.pair_limit;
    }
  }

  void insert(OpSpec op) {
    copy_role(op, anchor_);
    rewriter_.insert_before(anchor_, std::move(op));
  }

  Var& insert_pair() {
    Var& codes = temporary(name_ + ".quantized");
    Var& values = temporary(codes.name() + ".dequantized");
    is_v2() ? insert_linear(codes, values) : insert_fake(codes, values);
    return values;
  }

  Var& insert_fused() {
    Var& values = temporary(name_ + ".quant_dequant");
    OpSpec op{.type = "fake_quantize_dequantize_moving_average_abs_max",
              .inputs = {{"X", {&x_}}},
              .outputs = {{"Out", {&values}}},
              .attrs = {{"bit_length", spec_.bits}}};
    set_moving_average(op, values.name());
    set_rounding(op);
    insert(std::move(op));
    return values;
  }

 private:
  void set_moving_average(OpSpec& op, const std::string& tensor) {
    Var& scale_var = scale(tensor, spec_.is_weight ? 0.0f : kActivationScale);
    op.inputs["InScale"] = op.outputs["OutScale"] = {&scale_var};
    op.attrs["moving_rate"] = context_.config.moving_rate;
    op.attrs["is_test"] = is_test();
    if (!is_test()) {
      add_average(op, tensor);
    }
  }

  void set_range(OpSpec& op) {
    Var& scale_var = scale(name_, spec_.is_weight ? 0.0f : kActivationScale);
    op.inputs["InScale"] = op.outputs["OutScale"] = {&scale_var};
    op.attrs["window_size"] = context_.config.window_size;
    op.attrs["is_test"] = is_test();
    if (!is_test()) {
      op.inputs["Iter"] = {&step_counter()};
      op.outputs["OutScales"] = {
          &persistable(name_ + "@scales", x_.dtype(), {context_.config.window_size}, 0)};
    }
  }

  /// Counts runs: one increment op at the front of the Program.
  Var& step_counter() {
    const std::string name = "@STEP_COUNTER@";
    const bool exists = rewriter_.block().find_var(name) != nullptr;
    Var& counter = persistable(name, DType::Int64, {1}, 0);
    if (!exists) {
      OpSpec increment{.type = "increment",
                       .inputs = {{"X", {&counter}}},
                       .outputs = {{"Out", {&counter}}},
                       .attrs = {{"step", 1.0f}}};
      copy_role(increment, anchor_);
      rewriter_.prepend(std::move(increment));
    }
    return counter;
  }

  void insert_fake(Var& codes, Var& values) {
    OpSpec quantize{.inputs = {{"X", {&x_}}},
                    .outputs = {{"Out", {&codes}}},
                    .attrs = {{"bit_length", spec_.bits}}};
    switch (spec_.type) {
      case QuantizeType::AbsMax:
        quantize.type = "fake_quantize_abs_max";
        quantize.outputs["OutScale"] = {&scale(name_, 0)};
        break;
      case QuantizeType::ChannelWiseAbsMax:
        quantize.type = "fake_channel_wise_quantize_abs_max";
        quantize.outputs["OutScale"] = {&scale(name_, 0)};
        quantize.attrs["quant_axis"] = spec_.axis;
        quantize.attrs["is_test"] = is_test();
        break;
      case QuantizeType::RangeAbsMax:
        quantize.type = "fake_quantize_range_abs_max";
        set_range(quantize);
        break;
      case QuantizeType::MovingAverageAbsMax:
        quantize.type = "fake_quantize_moving_average_abs_max";
        set_moving_average(quantize, name_);
        break;
    }
    set_rounding(quantize);
    set_portable(quantize);
    insert(std::move(quantize));

    Var& scale_var = rewriter_.block().var(name_ + "@scale");
    OpSpec dequantize{.inputs = {{"X", {&codes}}}, .outputs = {{"Out", {&values}}}};
    if (spec_.axis >= 0) {
      dequantize.type = "fake_channel_wise_dequantize_max_abs";
      dequantize.inputs["Scales"] = {&scale_var};
      dequantize.attrs = {{"quant_bits", Ints{spec_.bits}}, {"quant_axis", spec_.axis}};
    } else {
      dequantize.type = "fake_dequantize_max_abs";
      dequantize.inputs["Scale"] = {&scale_var};
      dequantize.attrs = {{"max_range", static_cast<float>(max_code(spec_.bits))}};
    }
    insert(std::move(dequantize));
  }

  /// Rate 0 makes the moving average of a weight's abs max the abs max itself.
  float linear_rate() const {
    const bool is_abs_max = spec_.is_weight && spec_.axis < 0 &&
                            spec_.type == QuantizeType::AbsMax &&
                            context_.config.weight_scales == WeightScales::Recompute;
    return is_abs_max ? 0.0f : context_.config.moving_rate;
  }

  OpSpec linear(const char* type, Var& from, Var& to, Var& scale_var) {
    Var& zero_point = persistable(to.name() + "@zero_point", DType::Int32, scale_shape(), 0);
    return {.type = type,
            .inputs = {{"X", {&from}}, {"Scale", {&scale_var}}, {"ZeroPoint", {&zero_point}}},
            .outputs = {{"Y", {&to}}},
            .attrs = {{"quant_axis", spec_.axis},
                      {"bit_length", spec_.bits},
                      {"moving_rate", linear_rate()}}};
  }

  void insert_linear(Var& codes, Var& values) {
    Var& scale_var = scale(name_, kActivationScale);
    OpSpec quantize = linear("quantize_linear", x_, codes, scale_var);
    quantize.attrs["is_test"] = is_test();
    if (!is_test()) {
      add_average(quantize, name_);
      quantize.outputs["OutScale"] = {&scale_var};
    }
    set_rounding(quantize);
    set_portable(quantize);
    insert(std::move(quantize));
    insert(linear("dequantize_linear", codes, values, scale_var));
  }

  Rewriter& rewriter_;
  const QuantContext& context_;
  const std::string& name_;  // what is quantized goes by
  Var& x_;
  const Op& anchor_;
  FakeQuantSpec spec_;
};

const Op& first_reader(const Var& x, const Op& otherwise) {
  return x.consumers().empty() ? otherwise : *x.consumers().front();
}

}  // namespace

FakeQuantSpec weight_spec(const QuantConfig& config, const Op& op) {
  const bool is_channel_wise = config.weight_quantize_type == QuantizeType::ChannelWiseAbsMax;
  FakeQuantSpec spec{.type = config.weight_quantize_type,
                     .bits = config.weight_bits,
                     .axis = is_channel_wise ? weight_axis(op) : -1,
                     .is_weight = true};
  if (config.is_portable() && !is_depthwise(op)) {
    const bool is_seven_bit = config.portable_weights == PortableWeights::SevenBit;
    spec.bits = is_seven_bit ? kPortableWeightBits : spec.bits;
    spec.pair_limit = config.portable_weights == PortableWeights::Pairs ? kPairLimit : 0;
  }
  return spec;
}

FakeQuantSpec activation_spec(const QuantConfig& config, const Var& x) {
  FakeQuantSpec spec{.type = config.onnx_format ? QuantizeType::MovingAverageAbsMax
                                                : config.activation_quantize_type,
                     .bits = config.activation_bits};
  if (config.is_portable()) {
    spec.zero_point = is_non_negative(x) ? 0 : 128;
    spec.bits = is_non_negative(x) ? kUnsignedBits : spec.bits;
  }
  return spec;
}

bool is_depthwise(const Op& op) {
  const Shape& weight = op.input(op.def().quant.weight).shape();
  const int64_t groups = op.attr_or<int32_t>("groups", 1);
  return weight.rank() == 4 && groups > 1 && weight[0] == groups && weight[1] == 1;
}

Var& quantize_dequantize(Rewriter& rewriter,
                         const QuantContext& context,
                         const Op& reader,
                         QuantSource source,
                         FakeQuantSpec spec) {
  if (Var* known = rewriter.block().find_var(source.tensor.name() + ".quantized.dequantized")) {
    return *known;
  }
  return Inserter(rewriter, context, source, first_reader(source.x, reader), spec).insert_pair();
}

Var& fused_quantize_dequantize(Rewriter& rewriter,
                               const QuantContext& context,
                               const Op& reader,
                               QuantSource source) {
  if (Var* known = rewriter.block().find_var(source.tensor.name() + ".quant_dequant")) {
    return *known;
  }
  const FakeQuantSpec spec{.bits = context.config.activation_bits};
  return Inserter(rewriter, context, source, first_reader(source.x, reader), spec).insert_fused();
}

void observe(Rewriter& rewriter, const QuantContext& context, const Op& op, Var& x) {
  Inserter inserter(rewriter, context, {x, x}, op, {});
  Var& scale = inserter.scale(x.name(), kOutputScale);
  OpSpec observer{
      .type = "moving_average_abs_max_scale",
      .inputs = {{"X", {&x}}},
      .outputs = {{"OutScale", {&scale}}},
      .attrs = {{"moving_rate", context.config.moving_rate}, {"is_test", inserter.is_test()}}};
  copy_role(observer, op);
  if (!inserter.is_test()) {
    inserter.add_average(observer, x.name());
  }
  rewriter.insert_after(op, std::move(observer));
}

}  // namespace intact
