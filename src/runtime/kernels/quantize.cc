// Quantizers of every op type, to codes or to values, per tensor in any layout or per channel.
#include "backend/cpu/quantize.h"

#include "runtime/find_scale.h"
#include "runtime/kernel.h"
#include "runtime/quantizer.h"

namespace intact {
namespace {

Step prepare(const Graph& graph, const Node& node) {
  const Quantizer q = *quantizer_of(graph, node);
  const ValueChannels view = channels_of(graph[q.x], q.axis);
  const bool is_whole = q.axis < 0;
  return {.run = [=](const Run& run) {
    const float* scale = find_scale(q, view, run);
    if (is_whole) {
      const auto convert = q.dequantizes ? cpu::quantize_dequantize : cpu::quantize;
      convert(view.inner, run.at(q.x), *scale, q.bits, q.round, run.at(q.out));
    } else {
      const auto convert =
          q.dequantizes ? cpu::quantize_dequantize_channels : cpu::quantize_channels;
      convert(view.outer,
              view.channels,
              view.inner,
              run.at(q.x),
              scale,
              q.bits,
              q.round,
              run.at(q.out));
    }
  }};
}

Step prepare_observer(const Graph& graph, const Node& node) {
  const ValueId x = node.in("X");
  const int64_t count = graph[x].shape.numel();
  const MovingAverage average{.state_in = node.in("InState"),
                              .accum_in = node.in("InAccum"),
                              .state_out = node.out("OutState"),
                              .accum_out = node.out("OutAccum"),
                              .scale_out = node.out("OutScale"),
                              .rate = node.attr<float>("moving_rate")};
  return {.run = [=](const Run& run) { average.update(run, cpu::abs_max(count, run.at(x))); }};
}

}  // namespace

void register_quantize(KernelRegistry& registry) {
  std::vector<std::string> kinds = quantizer_kinds();
  kinds.emplace_back("quantize_dequantize");
  for (const std::string& kind : kinds) {
    registry.add({.kind = kind,
                  .name = "simd pairs",  // in the parameter's own layout
                  .accepts =
                      [](const Graph& graph, const Node& node) {
                        const std::optional<Quantizer> quantizer = quantizer_of(graph, node);
                        return quantizer.has_value() &&
                               quantizer->source == ScaleSource::PairLimited;
                      },
                  .prepare = prepare});
    registry.add({.kind = kind,
                  .name = "simd",
                  .same_layout = {"X", "Out", "Y"},
                  .in_place = {{"Out", "X"}, {"Y", "X"}},
                  .accepts = [](const Graph& graph,
                                const Node& node) { return quantizer_of(graph, node).has_value(); },
                  .prepare = prepare});
  }
  registry.add({.kind = "moving_average_abs_max_scale",
                .name = "simd",
                .same_layout = {"X"},
                .accepts =
                    [](const Graph& graph, const Node& node) {
                      return is_float32(graph, node, {"X"}) && node.out("Out") == kNoValue &&
                             !node.attr<bool>("is_test");
                    },
                .prepare = prepare_observer});
}

}  // namespace intact
