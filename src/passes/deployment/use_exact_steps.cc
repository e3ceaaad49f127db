// V1, as quant_aware makes it:
// Before:  Out=%x.q = fake_quantize_moving_average_abs_max(X=%x, InScale=%s);
//          Out=%x.v = fake_dequantize_max_abs(X=%x.q, Scale=%s)
// After:   Y=%x@codes = onnx_quantize_linear(X=%x, Step=%x@step, ZeroPoint=%x@zero_point);
//          Y=%x@values = onnx_dequantize_linear(X=%x@codes, ...), step = fl32(s / 127)
// V1, as convert makes it, with codes of the weight in %w:
// Before:  Output=%c = conv2d(Input=%x.q, Filter=%w);
//          Out=%y = fake_channel_wise_dequantize_max_abs(X=%c, Scales=[%w.s, %s])
// After:   Output=%c = conv2d(Input=%x@values, Filter=%w@values), and %y is %c
// and so with exact V2's quantize_linear, and %w behind a cast of int8 codes.
// V2 and ops that quantize and dequantize at once alike. Codes of float weights are what the
// quantizer's reference kernel gives; a weight's int8 codes are what the file says. Ops that only
// observe a scale go. x that is never below 0 gets uint8 codes 0..127, other x int8 codes.
#include <cmath>
#include <optional>
#include <utility>

#include "base/check.h"
#include "intact/ir/pattern.h"
#include "intact/tensor/quantize.h"
#include "ir/quantizer_range.h"
#include "passes/deployment/deployment.h"
#include "passes/evaluate_op.h"
#include "passes/sign.h"

namespace intact::deployment {
namespace {

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

bool is_linear(const Op& op) {
  return op.type() == "quantize_linear" || op.type() == "dequantize_linear";
}

bool is_observer(const Op& op) {
  return op.type() == "moving_average_abs_max_scale" ||
         (is_linear(op) && op.attr<bool>("only_observer"));
}

/// fake_quantize_*, fake_quantize_dequantize_*, quantize_linear.
bool is_quantizer(const Op& op) {
  return op.type() == "quantize_linear" || contains(op.type(), "fake_quantize") ||
         contains(op.type(), "fake_channel_wise_quantize");
}

bool is_dequantizer(const Op& op) {
  return op.type() == "dequantize_linear" || op.type() == "fake_dequantize_max_abs" ||
         op.type() == "fake_channel_wise_dequantize_max_abs";
}

bool gives_values(const Op& quantizer) {
  return contains(quantizer.type(), "quantize_dequantize");
}

Var& result_of(const Op& op) {
  return op.output(op.has_output("Y") ? "Y" : "Out");
}

std::vector<float> steps_of(const Tensor& scale, int32_t levels) {
  std::vector<float> steps;
  for (const float value : scale.values<float>()) {
    // An all-zero tensor has scale 0: every code is 0, whatever the step.
    steps.push_back(value > 0 ? value / static_cast<float>(levels) : 1.0f);
  }
  return steps;
}

int axis_of(const Op& op, const std::vector<float>& steps) {
  return steps.size() == 1 ? -1 : op.attr_or<int32_t>("quant_axis", -1);
}

/// Integers held in floats, or int8 already.
Tensor int8_of(const Tensor& codes, const std::string& where) {
  if (codes.dtype() == DType::Int8) {
    return codes;
  }
  Tensor result(DType::Int8, codes.shape());
  const auto from = codes.cast(DType::Float32);
  for (size_t i = 0; i < result.values<int8_t>().size(); ++i) {
    const float code = from.values<float>()[i];
    check(code >= -128 && code <= 127 && code == std::nearbyint(code),
          "{}: element {} is {}; a code must be an integer from -128 to 127",
          where,
          i,
          code);
    result.values<int8_t>()[i] = static_cast<int8_t>(code);
  }
  return result;
}

/// What stands for a quantizer's codes now.
struct Values {
  Var* var = nullptr;
  int32_t levels = 127;
};

class UseExactSteps {
 public:
  UseExactSteps(Program& program, Scope& scope)
      : program_(program), scope_(scope), rewriter_(program.block()) {}

  PassReport run() {
    for (Op* op : program_.block().ops()) {
      if (is_observer(*op)) {
        bypass(*op);
      } else if (is_quantizer(*op)) {
        is_constant()(op->input("X")) ? replace_weight_quantizer(*op) : replace_quantizer(*op);
      } else if (is_dequantizer(*op)) {
        replace_dequantizer(*op);
      }
    }
    check_no_codes_are_left();
    rewriter_.remove_unused_vars();
    return std::move(report_);
  }

 private:
  void bypass(Op& observer) {
    for (const char* slot : {"Y", "Out"}) {
      if (observer.has_output(slot)) {
        rewriter_.replace_all_uses(observer.output(slot), observer.input("X"));
      }
    }
    rewriter_.erase(observer);
    ++report_.changed;
  }

  /// The scale that a quantizer in test mode uses.
  const Tensor& given_scale(const Op& op) const {
    const char* slot = op.has_input("InScale") ? "InScale" : "Scale";
    if (!op.attr_or<bool>("is_test", false) || !op.has_input(slot)) {
      fail(ErrorCode::Unsupported,
           "{}: its scale is computed from each batch; use a quantizer that keeps its scale, as "
           "moving_average_abs_max does, and a Program for evaluation",
           op.label());
    }
    return scope_.get(op.input(slot).name());
  }

  void replace_quantizer(Op& op) {
    Var& x = op.input("X");
    const QuantizerRange range = quantizer_range(op);
    if (range.storage != DType::Int8 && range.storage != DType::UInt8) {
      fail(ErrorCode::Unsupported,
           "{}: bit_length is {}; codes of at most 8 bits can be deployed",
           op.label(),
           op.attr<int32_t>("bit_length"));
    }
    CodeFormat format{.dtype = range.storage,
                      .steps = steps_of(given_scale(op), range.levels),
                      .zero_point = range.zero_point,
                      .range = {range.low, range.high}};
    format.axis = axis_of(op, format.steps);
    if (format.dtype == DType::Int8 && is_non_negative(x)) {
      format.dtype = DType::UInt8;
      format.range.lo = 0;
    }
    finish(op, quantized(op, x, format), range.levels);
  }

  /// Quantizers of one tensor that say the same become one.
  Var& quantized(const Op& op, Var& x, const CodeFormat& format) {
    const auto [it, is_new] = quantized_.emplace(&x, std::pair(format, nullptr));
    if (is_new) {
      it->second.second = &add_quantizer(rewriter_, program_, scope_, op, x, format);
    } else if (it->second.first != format) {
      fail(ErrorCode::Unsupported,
           "{}: '{}' is quantized in two ways; use one scale and one bit_length for it",
           op.label(),
           x.name());
    }
    return *it->second.second;
  }

  void replace_weight_quantizer(Op& op) {
    const std::string name = op.input("X").name();
    const TensorMap outputs = evaluate_op(op, scope_);
    const bool is_given = !op.has_output("OutScale") || op.attr_or<bool>("is_test", false);
    const char* slot = op.has_input("InScale") ? "InScale" : "Scale";
    const Tensor scale = is_given && op.has_input(slot) ? scope_.get(op.input(slot).name())
                                                        : outputs.at(op.output("OutScale").name());
    const std::vector<float> steps = steps_of(scale, quantizer_range(op).levels);
    const Tensor& result = outputs.at(result_of(op).name());
    const int axis = axis_of(op, steps);
    const Tensor codes = gives_values(op) ? codes_of_values(result, steps, axis) : result;
    Var& values = add_constant_codes(
        rewriter_, program_, scope_, op, name, int8_of(codes, op.label()), steps, axis);
    finish(op, values, quantizer_range(op).levels);
  }

  static Tensor codes_of_values(const Tensor& values, const std::vector<float>& steps, int axis) {
    Tensor codes = values.clone();
    const Shape& shape = values.shape();
    const int64_t inner = axis < 0 ? shape.numel() : shape.numel(axis + 1, shape.rank());
    for (int64_t i = 0; i < shape.numel(); ++i) {
      const size_t channel = static_cast<size_t>(i / inner) % steps.size();
      float& code = codes.data<float>()[i];
      code = std::nearbyint(code / steps[channel]);
    }
    return codes;
  }

  /// Readers of a quantizer's codes or values are moved to `values`; codes wait for their
  /// dequantizer.
  void finish(Op& op, Var& values, int32_t levels) {
    if (gives_values(op)) {
      rewriter_.replace_all_uses(result_of(op), values);
    } else {
      values_of_.emplace(&result_of(op), Values{&values, levels});
    }
    rewriter_.erase(op);
    ++report_.changed;
  }

  void replace_dequantizer(Op& op) {
    Var& x = op.input("X");
    if (const auto it = values_of_.find(&x); it != values_of_.end()) {
      rewriter_.replace_all_uses(result_of(op), *it->second.var);
    } else if (is_constant()(x)) {
      const Var& scale = op.input(op.has_input("Scale") ? "Scale" : "Scales");
      const std::vector<float> steps = steps_of(scope_.get(scale.name()), max_code(bits_of(op)));
      Var& values = add_constant_codes(rewriter_,
                                       program_,
                                       scope_,
                                       op,
                                       x.name(),
                                       int8_of(scope_.get(x.name()), op.label()),
                                       steps,
                                       axis_of(op, steps));
      rewriter_.replace_all_uses(result_of(op), values);
    } else {
      dequantize_inputs_instead(op);
    }
    rewriter_.erase(op);
    ++report_.changed;
  }

  static int bits_of(const Op& op) {
    return op.type() == "fake_channel_wise_dequantize_max_abs" ? op.attr<Ints>("quant_bits")[0]
           : op.has_attr("bit_length")                         ? op.attr<int32_t>("bit_length")
                                                               : 8;
  }

  /// X of the dequantizer is a product of codes.
  void dequantize_inputs_instead(Op& op) {
    Var& product = op.input("X");
    if (product.producers().size() != 1 ||
        product.producers().front()->def().quant.weight.empty()) {
      fail(ErrorCode::Unsupported,
           "{}: '{}' is neither codes nor a product of codes and a weight's codes",
           op.label(),
           product.name());
    }
    Op& weighted = *product.producers().front();
    const std::string& weight_slot = weighted.def().quant.weight;
    int32_t levels = 127;
    for (const auto& [slot, vars] : Slots(weighted.inputs())) {
      for (Var* var : vars) {
        if (const auto it = values_of_.find(var); it != values_of_.end()) {
          rewriter_.replace_input(weighted, *var, *it->second.var);
          levels = slot == weight_slot ? levels : it->second.levels;
        }
      }
    }
    Var& given = weighted.input(weight_slot);
    Op* cast = given.producers().size() == 1 && given.producers().front()->type() == "cast"
                   ? given.producers().front()
                   : nullptr;
    Var& weight = cast != nullptr ? cast->input("X") : given;
    if (!weight.is_persistable()) {
      rewriter_.replace_all_uses(result_of(op), product);
      return;  // the weight's quantizer was its own
    }
    const std::vector<float> steps = weight_steps(op, levels);
    Var& values = weight_values(weight, weighted, steps, axis_of(op, steps));
    rewriter_.set_input(weighted, weight_slot, {&values});
    if (cast != nullptr && given.consumers().empty()) {
      rewriter_.erase(*cast);
    }
    rewriter_.replace_all_uses(result_of(op), product);
  }

  std::vector<float> weight_steps(const Op& op, int32_t levels) const {
    if (op.type() == "fake_channel_wise_dequantize_max_abs") {
      return steps_of(scope_.get(op.input("Scales").name()), max_code(bits_of(op)));
    }
    // max_range is B_x * B_w / s_w: the step is s_w / B_w.
    return {static_cast<float>(levels) / op.attr<float>("max_range")};
  }

  Var& weight_values(const Var& weight,
                     const Op& anchor,
                     const std::vector<float>& steps,
                     int axis) {
    if (Var* known = program_.block().find_var(weight.name() + "@values")) {
      return *known;
    }
    const Tensor codes = int8_of(scope_.get(weight.name()), anchor.label());
    return add_constant_codes(
        rewriter_, program_, scope_, anchor, weight.name(), codes, steps, axis);
  }

  void check_no_codes_are_left() const {
    for (const auto& [codes, values] : values_of_) {
      if (!codes->consumers().empty()) {
        fail(ErrorCode::Unsupported,
             "deployment_form: {} reads codes '{}' that nothing dequantizes; give it values",
             codes->consumers().front()->label(),
             codes->name());
      }
    }
  }

  Program& program_;
  Scope& scope_;
  Rewriter rewriter_;
  PassReport report_;
  std::map<const Var*, Values> values_of_;  // of a quantizer's codes
  std::map<const Var*, std::pair<CodeFormat, Var*>> quantized_;
};

}  // namespace

PassReport use_exact_steps(Program& program, Scope& scope) {
  return UseExactSteps(program, scope).run();
}

}  // namespace intact::deployment
