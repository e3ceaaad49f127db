#include <algorithm>
#include <optional>
#include <set>

#include "base/check.h"
#include "base/parallel.h"
#include "intact/quant/saturation.h"
#include "ops/detail/window.h"
#include "quant/deployed_layer.h"
#include "quant/op_selection.h"
#include "tensor/pair_sum.h"

namespace intact {
namespace {

constexpr int32_t kLargestCode = 255;

/// What one output channel multiplies, [outputs, terms], terms in the order [taps, inputs].
struct Weight {
  int64_t outputs = 0;
  int64_t terms = 0;
  std::vector<int32_t> codes;

  int32_t at(int64_t output, int64_t term) const {
    return term < terms ? codes[static_cast<size_t>(output * terms + term)] : 0;
  }
};

/// Two neighbouring terms of one output whose sum can leave 16 bits.
struct Hazard {
  int64_t term = 0;
  int32_t first = 0;
  int32_t second = 0;
};

bool saturates(int32_t sum) {
  return sum > kPairCapacity || sum < -kPairCapacity - 1;
}

Weight weight_of(const Tensor& codes, int output_axis) {
  const PairView view = pair_view(codes.shape(), output_axis);
  Weight weight{.outputs = view.channels, .terms = view.taps * view.inputs};
  const Tensor as_int = codes.cast(DType::Int32);
  for (int64_t output = 0; output < view.channels; ++output) {
    for (int64_t tap = 0; tap < view.taps; ++tap) {
      for (int64_t input = 0; input < view.inputs; ++input) {
        weight.codes.push_back(
            as_int.data<int32_t>()[output * view.channel_stride + input * view.input_stride + tap]);
      }
    }
  }
  return weight;
}

/// Codes are never negative as u8, so a sum is extreme where only weights of one sign count.
std::vector<Hazard> hazards_of(const Weight& weight, int64_t output) {
  std::vector<Hazard> hazards;
  for (int64_t term = 0; term < weight.terms; term += 2) {
    const int32_t first = weight.at(output, term);
    const int32_t second = weight.at(output, term + 1);
    if (saturates(kLargestCode * (std::max(first, 0) + std::max(second, 0))) ||
        saturates(kLargestCode * (std::min(first, 0) + std::min(second, 0)))) {
      hazards.push_back({term, first, second});
    }
  }
  return hazards;
}

/// Every row of codes that a weight meets, [rows, terms].
struct Rows {
  int64_t rows = 0;
  std::vector<uint8_t> codes;
};

void count(const Rows& x, const Weight& weight, PairCount& result) {
  std::vector<int64_t> saturating(static_cast<size_t>(weight.outputs));
  parallel_for(weight.outputs, [&](int64_t output) {
    for (const Hazard& hazard : hazards_of(weight, output)) {
      const uint8_t* at = x.codes.data() + hazard.term;
      for (int64_t row = 0; row < x.rows; ++row, at += weight.terms) {
        saturating[static_cast<size_t>(output)] +=
            saturates(at[0] * hazard.first + at[1] * hazard.second) ? 1 : 0;
      }
    }
  });
  for (const int64_t of_output : saturating) {
    result.saturating += of_output;
  }
  result.pairs += x.rows * weight.outputs * ((weight.terms + 1) / 2);
}

std::vector<uint8_t> as_u8(const Tensor& codes) {
  std::vector<uint8_t> result(static_cast<size_t>(codes.numel()));
  const Tensor as_int = codes.cast(DType::Int32);
  const int32_t offset = codes.dtype() == DType::Int8 ? 128 : 0;
  std::ranges::transform(as_int.values<int32_t>(), result.begin(), [&](int32_t code) {
    return static_cast<uint8_t>(code + offset);
  });
  return result;
}

/// The windows of some channels of one image.
class Windows {
 public:
  Windows(const Op& op, const Shape& x, const Shape& filter, uint8_t padding)
      : padding_(padding), x_(x), inputs_(filter[1]), taps_(filter[2] * filter[3]) {
    const Window2d window =
        make_window(op.label(),
                    {{static_cast<int32_t>(filter[2]), static_cast<int32_t>(filter[3])},
                     op.attr<Ints>("strides"),
                     op.attr<Ints>("paddings"),
                     op.attr<Ints>("dilations"),
                     op.attr<std::string>("padding_algorithm")},
                    x[2],
                    x[3]);
    const int64_t height = window.h.output_size(x[2]);
    const int64_t width = window.w.output_size(x[3]);
    positions_ = height * width;
    stride_ = window.w.stride;
    spans_ = window_spans(window, x[2], x[3], height, width);
  }

  Rows of(const uint8_t* image, int64_t first_channel) const {
    const int64_t terms = taps_ * inputs_;
    Rows rows{.rows = positions_,
              .codes = std::vector<uint8_t>(static_cast<size_t>(positions_ * terms), padding_)};
    for (const Span& span : spans_) {
      for (int64_t input = 0; input < inputs_; ++input) {
        const uint8_t* plane = image + (first_channel + input) * x_[2] * x_[3];
        uint8_t* to = rows.codes.data() + span.tap * inputs_ + input;
        for (int64_t k = 0; k < span.count; ++k) {
          to[(span.output + k) * terms] = plane[span.input + k * stride_];
        }
      }
    }
    return rows;
  }

 private:
  uint8_t padding_;
  Shape x_;
  int64_t inputs_;
  int64_t taps_;
  int64_t positions_ = 0;
  int64_t stride_ = 1;
  std::vector<Span> spans_;
};

/// One group's share of a filter [O,I,h,w].
Weight weight_of_group(const Tensor& filter, int64_t group, int64_t groups) {
  Weight weight = weight_of(filter, 0);
  weight.outputs /= groups;
  const int64_t share = weight.outputs * weight.terms;
  weight.codes = {weight.codes.begin() + group * share, weight.codes.begin() + (group + 1) * share};
  return weight;
}

void count_conv(
    const Op& op, const Tensor& x, const Tensor& filter, uint8_t padding, PairCount& result) {
  const std::vector<uint8_t> codes = as_u8(x);
  const Windows windows(op, x.shape(), filter.shape(), padding);
  const int64_t groups = op.attr<int32_t>("groups");
  const int64_t image = x.shape().numel(1, 4);
  for (int64_t group = 0; group < groups; ++group) {
    const Weight weight = weight_of_group(filter, group, groups);
    for (int64_t n = 0; n < x.shape()[0]; ++n) {
      count(windows.of(codes.data() + n * image, group * filter.shape()[1]), weight, result);
    }
  }
}

void count_product(const Op& op, const Tensor& x, const Tensor& matrix, PairCount& result) {
  const Weight weight = weight_of(matrix, weight_axis(op));
  count({.rows = x.numel() / weight.terms, .codes = as_u8(x)}, weight, result);
}

bool is_transposed_left(const Op& op) {
  return op.attr_or<bool>("trans_x", false) || op.attr_or<bool>("transpose_X", false);
}

PairCount count_layer(const Op& op,
                      const DeployedLayer& layer,
                      const Scope& scope,
                      const TensorMap& codes) {
  PairCount result{.op = op.label()};
  const Var& activation = layer.activation_codes();
  const bool is_quantized_here = activation.producers().size() == 1 &&
                                 activation.producers().front()->type() == "onnx_quantize_linear";
  if (!is_quantized_here) {
    return result;  // codes that other ops have moved or pooled
  }
  const auto x = codes.find(activation.name());
  check(x != codes.end(),
        "count_saturating_pairs: there are no codes of '{}'; run a session with keep_codes",
        activation.name());
  const Tensor& weight = scope.get(layer.weight_codes().name());
  if (op.type() == "conv2d" || op.type() == "depthwise_conv2d") {
    const uint8_t padding = as_u8(scope.get(layer.activation->input("ZeroPoint").name()))[0];
    count_conv(op, x->second, weight, padding, result);
  } else if (weight.shape().rank() == 2 && !is_transposed_left(op)) {
    count_product(op, x->second, weight, result);
  }
  return result;
}

}  // namespace

PairCount& PairCount::operator+=(const PairCount& other) {
  saturating += other.saturating;
  pairs += other.pairs;
  return *this;
}

std::vector<PairCount> count_saturating_pairs(const Program& deployed,
                                              const Scope& scope,
                                              const TensorMap& codes) {
  std::set<std::string> unsafe;
  for (const PairBound& bound : saturation_bounds(deployed, scope)) {
    if (!bound.is_safe()) {
      unsafe.insert(bound.op);
    }
  }
  std::vector<PairCount> counts;
  for (const Op* op : deployed.ops()) {
    const std::optional<DeployedLayer> layer = deployed_layer(*op);
    if (layer && unsafe.contains(op->label())) {
      counts.push_back(count_layer(*op, *layer, scope, codes));
    }
  }
  return counts;
}

}  // namespace intact
