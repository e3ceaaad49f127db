// Codes held in floats back to values: X * Scale / max_range, per tensor or per channel; after an
// integer matrix product (X * S1_c) * S2 / (B1*B2).
#include "backend/cpu/batch_norm.h"
#include "backend/cpu/quantize.h"
#include "base/parallel.h"
#include "intact/tensor/quantize.h"
#include "runtime/kernel.h"
#include "runtime/quantizer.h"
#include "runtime/scratch.h"

namespace intact {
namespace {

constexpr int64_t kParts = 16;

Step whole(int64_t count, ValueId x, ValueId scale, float range, ValueId out) {
  return {.run = [=](const Run& run) {
    cpu::dequantize(count, run.at(x), *run.at(scale), range, run.at(out));
  }};
}

Step channels(const ValueChannels& view, ValueId x, ValueId scale, float range, ValueId out) {
  return {.run = [=](const Run& run) {
    cpu::dequantize_channels(
        view.outer, view.channels, view.inner, run.at(x), run.at(scale), range, run.at(out));
  }};
}

/// view.inner is 1.
Step product(const ValueChannels& view,
             ValueId x,
             ValueId channel_scale,
             ValueId scale,
             float range,
             ValueId out) {
  Scratch scratch;
  const int64_t zeros = scratch.take(view.channels);
  return {.run =
              [=](const Run& run) {
                float* shift = run.scratch() + zeros;
                std::fill_n(shift, view.channels, 0.0f);
                cpu::scale_shift_activation(view.outer,
                                            view.channels,
                                            run.at(x),
                                            run.at(channel_scale),
                                            shift,
                                            nullptr,
                                            cpu::Activation::None,
                                            run.at(out));
                cpu::dequantize(
                    view.outer * view.channels, run.at(out), *run.at(scale), range, run.at(out));
              },
          .workspace_bytes = scratch.size_bytes()};
}

int product_axis(const Node& node) {
  return std::max(1, node.attr<int32_t>("x_num_col_dims"));
}

/// The channels of a product lie last, in NHWC where there are pixels.
bool is_channel_last(const Graph& graph, const Node& node) {
  const int rank = graph[node.in("X")].shape.rank();
  return node.in_list("Scales").size() == 1 ||
         (product_axis(node) == 1 && (rank == 2 || rank == 4));
}

Step prepare_channel_wise(const Graph& graph, const Node& node) {
  const ValueId x = node.in("X");
  const ValueId out = node.out("Out");
  const Ints bits = node.attr<Ints>("quant_bits");
  const auto range = static_cast<float>(max_code(bits[0]));
  if (node.in_list("Scales").size() == 1) {
    const ValueChannels view = channels_of(graph[x], node.attr<int32_t>("quant_axis"));
    return channels(view, x, node.in("Scales"), range, out);
  }
  const Shape& shape = graph[x].shape;
  const ValueChannels view{shape.numel() / shape[1], shape[1], 1};
  return product(view,
                 x,
                 node.in("Scales", 0),
                 node.in("Scales", 1),
                 range * static_cast<float>(max_code(bits[1])),
                 out);
}

/// int8 codes become floats on the way.
Step from_int8(const ValueChannels& view, ValueId x, ValueId scale, float range, ValueId out) {
  return {.run = [=](const Run& run) {
    const int64_t count = view.outer * view.channels * view.inner;
    const auto* codes = run.at<int8_t>(x);
    float* values = run.at(out);
    parallel_for(kParts, [&](int64_t part) {
      const Range range_of_part = split_evenly(count, kParts, part);
      std::copy(
          codes + range_of_part.begin, codes + range_of_part.end, values + range_of_part.begin);
    });
    cpu::dequantize_channels(
        view.outer, view.channels, view.inner, values, run.at(scale), range, values);
  }};
}

Step prepare_linear(const Graph& graph, const Node& node) {
  const auto range = static_cast<float>(max_code(node.attr<int32_t>("bit_length")));
  const int32_t axis = node.attr<int32_t>("quant_axis");
  const ValueChannels view = channels_of(graph[node.in("X")], axis);
  if (graph[node.in("X")].dtype == DType::Int8) {
    return from_int8(view, node.in("X"), node.in("Scale"), range, node.out("Y"));
  }
  return axis < 0 ? whole(view.inner, node.in("X"), node.in("Scale"), range, node.out("Y"))
                  : channels(view, node.in("X"), node.in("Scale"), range, node.out("Y"));
}

}  // namespace

void register_dequantize(KernelRegistry& registry) {
  registry.add({.kind = "fake_dequantize_max_abs",
                .name = "simd",
                .same_layout = {"X", "Out"},
                .in_place = {{"Out", "X"}},
                .accepts =
                    [](const Graph& graph, const Node& node) {
                      return is_float32(graph, node, {"X", "Scale", "Out"});
                    },
                .prepare =
                    [](const Graph& graph, const Node& node) {
                      return whole(graph[node.in("X")].shape.numel(),
                                   node.in("X"),
                                   node.in("Scale"),
                                   node.attr<float>("max_range"),
                                   node.out("Out"));
                    }});
  registry.add({.kind = "fake_channel_wise_dequantize_max_abs",
                .name = "simd",
                .same_layout = {"X", "Out"},
                .in_place = {{"Out", "X"}},
                .accepts =
                    [](const Graph& graph, const Node& node) {
                      return is_float32(graph, node, {"X", "Scales", "Out"}) &&
                             node.in_list("Scales").size() == 1;
                    },
                .prepare = prepare_channel_wise});
  registry.add(
      {.kind = "fake_channel_wise_dequantize_max_abs",
       .name = "simd product",
       .nhwc = {"X", "Out"},
       .in_place = {{"Out", "X"}},
       .accepts =
           [](const Graph& graph, const Node& node) {
             return is_float32(graph, node, {"X", "Scales", "Out"}) && is_channel_last(graph, node);
           },
       .prepare = prepare_channel_wise});
  registry.add({.kind = "dequantize_linear",
                .name = "simd int8",
                .accepts =
                    [](const Graph& graph, const Node& node) {
                      return graph[node.in("X")].dtype == DType::Int8 &&
                             is_float32(graph, node, {"Scale", "Y"}) &&
                             !node.attr<bool>("only_observer");
                    },
                .prepare = prepare_linear});
  registry.add({.kind = "dequantize_linear",
                .name = "simd",
                .same_layout = {"X", "Y"},
                .in_place = {{"Y", "X"}},
                .accepts =
                    [](const Graph& graph, const Node& node) {
                      return is_float32(graph, node, {"X", "Scale", "Y"}) &&
                             !node.attr<bool>("only_observer");
                    },
                .prepare = prepare_linear});
}

}  // namespace intact
