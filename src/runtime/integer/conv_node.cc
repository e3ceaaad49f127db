#include "runtime/integer/conv_node.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "backend/cpu/integer_conv.h"
#include "backend/cpu/integer_depthwise.h"
#include "base/check.h"
#include "runtime/conv_shape.h"
#include "runtime/integer/reference.h"
#include "runtime/integer/weight_bound.h"
#include "tensor/affine_quantize.h"

namespace intact::integer {
namespace {

/// What both the fast and the reference step read; shared with them.
struct ConvData {
  ConvSpec spec;
  cpu::CodeScale x_scale;
  bool gives_codes = false;
  std::vector<float> multiplier;
  cpu::Requantize requantize;  // of `multiplier`
  cpu::DotMethod method = cpu::DotMethod::Magnitudes;
  Tensor packed;     // of a GEMM
  Tensor depthwise;  // weights as floats, [taps,C]
  std::string reason;

  int64_t outputs() const { return spec.weight.shape()[0]; }
  int64_t taps() const { return spec.weight.shape()[2] * spec.weight.shape()[3]; }
  bool is_depthwise() const { return depthwise.is_defined(); }
};

cpu::ConvShape conv_shape(const std::string& label,
                          const ConvSpec& spec,
                          const Shape& x,
                          const Shape& y) {
  const Shape& w = spec.weight.shape();
  if (spec.is_fully_connected) {
    return {.n = y.numel() / w[0], .h = 1, .w = 1, .ci = w[1], .co = w[0], .oh = 1, .ow = 1};
  }
  return conv_shape_of(label,
                       {.kernel = {static_cast<int32_t>(w[2]), static_cast<int32_t>(w[3])},
                        .strides = spec.strides,
                        .paddings = spec.paddings,
                        .dilations = spec.dilations,
                        .padding_algorithm = spec.padding_algorithm},
                       spec.groups,
                       x,
                       w,
                       y);
}

/// Rows [O][ky][kx][all input channels]: other groups' channels have weight 0. Empty when the codes
/// are in that order as they are.
std::vector<int8_t> weight_rows(const ConvSpec& spec) {
  const Shape& w = spec.weight.shape();
  const int64_t channels = w[1];
  const int64_t all = channels * spec.groups;
  const int64_t taps = w[2] * w[3];
  if (spec.groups == 1 && taps == 1) {
    return {};
  }
  std::vector<int8_t> rows(static_cast<size_t>(w[0] * taps * all), int8_t{0});
  const int8_t* codes = spec.weight.data<int8_t>();
  for (int64_t o = 0; o < w[0]; ++o) {
    int8_t* row = rows.data() + o * taps * all + o / (w[0] / spec.groups) * channels;
    for (int64_t i = 0; i < channels; ++i) {
      for (int64_t tap = 0; tap < taps; ++tap) {
        row[tap * all + i] = *codes++;
      }
    }
  }
  return rows;
}

void pack_for_gemm(ConvData& data) {
  const ConvSpec& spec = data.spec;
  const std::vector<int8_t> reordered = weight_rows(spec);
  const int8_t* rows = reordered.empty() ? spec.weight.data<int8_t>() : reordered.data();
  const int64_t n = data.outputs();
  const int64_t k = spec.weight.numel() / n * spec.groups;
  std::vector<int32_t> bias = spec.bias;
  if (data.x_scale.zero_point != 0) {
    for (int64_t o = 0; o < n; ++o) {
      const int32_t sum = std::accumulate(rows + o * k, rows + (o + 1) * k, 0);
      bias[static_cast<size_t>(o)] -= data.x_scale.zero_point * sum;
    }
  }
  data.packed = Tensor(DType::Int8, {cpu::packed_weights_bytes(n, k)});
  cpu::pack_weights(n, k, rows, bias.data(), data.packed.data<int8_t>());
  const WeightBound bound = bound_pairs(n, k, rows, data.x_scale);
  data.method = bound.method;
  data.reason = bound.reason;
}

void spread_for_depthwise(ConvData& data) {
  const int64_t channels = data.outputs();
  const int64_t taps = data.taps();
  data.depthwise = Tensor(DType::Float32, {taps, channels});
  float* floats = data.depthwise.data<float>();
  const int8_t* codes = data.spec.weight.data<int8_t>();
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      floats[tap * channels + c] = static_cast<float>(*codes++);
    }
  }
  data.reason = fmt::format("sums of {} products stay below 2^24", taps);
}

/// Largest |acc| of any channel: with this the sums of 32 bits are exact.
void check_sums(const std::string& label, const ConvData& data) {
  const int64_t n = data.outputs();
  const int64_t k = data.spec.weight.numel() / n;
  const int64_t reach = std::max(std::abs(int64_t{data.x_scale.lo} - data.x_scale.zero_point),
                                 std::abs(int64_t{data.x_scale.hi} - data.x_scale.zero_point));
  const int8_t* w = data.spec.weight.data<int8_t>();
  for (int64_t o = 0; o < n; ++o) {
    int64_t magnitudes = 0;
    for (int64_t i = 0; i < k; ++i) {
      magnitudes += std::abs(int32_t{w[o * k + i]});
    }
    const int64_t sum =
        std::abs(int64_t{data.spec.bias[static_cast<size_t>(o)]}) + reach * magnitudes;
    if (sum > std::numeric_limits<int32_t>::max()) {
      fail(ErrorCode::Unsupported,
           "{}: sums of output channel {} can reach {}, more than 32 bits hold; use smaller codes "
           "or "
           "a smaller bias",
           label,
           o,
           sum);
    }
  }
}

class ConvNode final : public Node {
 public:
  ConvNode(std::string label, ValueId x, ValueId y, std::shared_ptr<const ConvData> data)
      : Node(std::move(label), {x}, {y}), data_(std::move(data)) {}

  std::string kernel() const override {
    return fmt::format(
        "{}; exact: {}", data_->is_depthwise() ? "depthwise" : "gemm", data_->reason);
  }

  Step prepare(const std::vector<Shape>& shapes, Mode mode) const override {
    const cpu::ConvShape s =
        conv_shape(label(), data_->spec, shape(shapes, in()), shape(shapes, out()));
    if (mode == Mode::Reference) {
      return prepare_reference(s);
    }
    return data_->is_depthwise() ? prepare_depthwise(s) : prepare_gemm(s);
  }

 private:
  Step prepare_reference(const cpu::ConvShape& s) const {
    return {[s, data = data_, x = in(), y = out()](const Addresses& at) {
      reference_conv({.shape = s,
                      .type = data->x_scale.type,
                      .x_zero_point = data->x_scale.zero_point,
                      .x = at.codes(x),
                      .w = data->spec.weight.data<int8_t>(),
                      .bias = data->spec.bias.data(),
                      .requantize = data->requantize,
                      .codes = data->gives_codes ? at.codes(y) : nullptr,
                      .reals = data->gives_codes ? nullptr : at.reals(y)});
    }};
  }

  Step prepare_depthwise(const cpu::ConvShape& s) const {
    return {[s, gather = cpu::forward_gather(s), data = data_, x = in(), y = out()](
                const Addresses& at) {
      cpu::integer_depthwise({.shape = s,
                              .gather = &gather,
                              .type = data->x_scale.type,
                              .x_zero_point = data->x_scale.zero_point,
                              .x = at.codes(x),
                              .w = data->depthwise.data<float>(),
                              .bias = data->spec.bias.data(),
                              .requantize = data->requantize,
                              .codes = data->gives_codes ? at.codes(y) : nullptr,
                              .reals = data->gives_codes ? nullptr : at.reals(y)});
    }};
  }

  Step prepare_gemm(const cpu::ConvShape& s) const {
    cpu::IntegerConv conv{.shape = s,
                          .type = data_->x_scale.type,
                          .method = data_->method,
                          .x_zero_point = data_->x_scale.zero_point,
                          .weights = data_->packed.data<int8_t>(),
                          .requantize = data_->requantize};
    const auto bytes = static_cast<size_t>(cpu::integer_conv_workspace_bytes(conv));
    return {[conv, data = data_, x = in(), y = out()](const Addresses& at) {
              cpu::IntegerConv bound = conv;
              bound.x = at.codes(x);
              bound.codes = data->gives_codes ? at.codes(y) : nullptr;
              bound.reals = data->gives_codes ? nullptr : at.reals(y);
              cpu::integer_conv(bound, reinterpret_cast<uint8_t*>(at.workspace));
            },
            bytes};
  }

  std::shared_ptr<const ConvData> data_;
};

}  // namespace

std::unique_ptr<Node> make_conv_node(
    std::string label, const Graph& graph, ValueId x, ValueId y, ConvSpec spec) {
  auto data = std::make_shared<ConvData>();
  data->spec = std::move(spec);
  data->x_scale = graph[x].scale;
  if (data->x_scale.lo >= 0 && data->x_scale.zero_point >= 0) {
    data->x_scale.type = cpu::CodeType::Unsigned8;  // the same bytes
  }
  data->gives_codes = graph[y].is_codes;
  check_sums(label, *data);
  const cpu::CodeScale& y_scale = graph[y].scale;
  const std::vector<float>& steps = data->spec.weight_steps;
  for (size_t o = 0; o < static_cast<size_t>(data->outputs()); ++o) {
    const float step = steps.size() == 1 ? steps[0] : steps[o];
    data->multiplier.push_back(data->gives_codes
                                   ? requantize_multiplier(data->x_scale.step, step, y_scale.step)
                                   : data->x_scale.step * step);
  }
  data->requantize = {.multiplier = data->multiplier.data(),
                      .zero_point = y_scale.zero_point,
                      .lo = y_scale.lo,
                      .hi = y_scale.hi,
                      .low = data->spec.low,
                      .high = data->spec.high};
  const bool is_depthwise = data->spec.groups > 1 && data->spec.groups == data->outputs() &&
                            data->spec.weight.shape()[1] == 1;
  if (is_depthwise && data->taps() <= cpu::kMaxDepthwiseTaps) {
    spread_for_depthwise(*data);
  } else {
    pack_for_gemm(*data);
  }
  return std::make_unique<ConvNode>(std::move(label), x, y, std::move(data));
}

}  // namespace intact::integer
