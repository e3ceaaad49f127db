// quantize_codes: values to int8 codes, with the scale found on the way. dequantize_codes: back.
#include "backend/cpu/codes.h"

#include "base/parallel.h"
#include "runtime/code_slots.h"
#include "runtime/find_scale.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

Step prepare_quantize(const Graph& graph, const Node& node) {
  const Quantizer q = *quantizer_of(graph, node);
  const ValueChannels view = channels_of(graph[q.x], q.axis);
  if (q.source == ScaleSource::AbsMax && q.axis >= 0 && view.outer == 1) {
    return {.run = [=](const Run& run) {
      cpu::abs_max_codes_rows(view.channels,
                              view.inner,
                              run.at(q.x),
                              q.bits,
                              q.round,
                              run.at(q.scale_out),
                              run.at<int8_t>(q.out));
    }};
  }
  return {.run = [=](const Run& run) {
    const float* scale = find_scale(q, view, run);
    if (q.axis < 0) {
      cpu::quantize_codes(view.inner, run.at(q.x), *scale, q.bits, q.round, run.at<int8_t>(q.out));
    } else {
      cpu::quantize_codes_channels(view.outer,
                                   view.channels,
                                   view.inner,
                                   run.at(q.x),
                                   scale,
                                   q.bits,
                                   q.round,
                                   run.at<int8_t>(q.out));
    }
  }};
}

Step prepare_dequantize(const Graph& graph, const Node& node) {
  const CodeSlot x = code_slot_of(node, "X");
  const ValueId out = node.out("Out");
  const ValueChannels view = channels_of(graph[x.codes], x.axis);
  return {.run = [=](const Run& run) {
    if (x.axis < 0) {
      cpu::dequantize_codes(
          view.inner, run.at<int8_t>(x.codes), *run.at(x.scale), x.bits, run.at(out));
    } else {
      cpu::dequantize_codes_channels(view.outer,
                                     view.channels,
                                     view.inner,
                                     run.at<int8_t>(x.codes),
                                     run.at(x.scale),
                                     x.bits,
                                     run.at(out));
    }
  }};
}

/// Weights keep Paddle's layout.
bool is_weight(const Graph& graph, const Node& node) {
  return graph[node.in("X")].home == Home::Scope || quantizer_of(graph, node)->axis >= 0;
}

/// [n,rows,columns] to [n,columns,rows].
void transpose_codes(int64_t n, int64_t rows, int64_t columns, const int8_t* x, int8_t* y) {
  parallel_for(n, [&](int64_t image) {
    const int8_t* from = x + image * rows * columns;
    int8_t* to = y + image * rows * columns;
    for (int64_t column = 0; column < columns; ++column) {
      for (int64_t row = 0; row < rows; ++row) {
        to[column * rows + row] = from[row * columns + column];
      }
    }
  });
}

Kernel layout_conversion(const char* kind, bool to_nhwc) {
  return {.kind = kind,
          .name = "codes",
          .nhwc = {to_nhwc ? "Out" : "X"},
          .accepts = [](const Graph& graph,
                        const Node& node) { return graph[node.in("X")].dtype == DType::Int8; },
          .prepare = [to_nhwc](const Graph& graph, const Node& node) -> Step {
            const ValueId x = node.in("X");
            const ValueId out = node.out("Out");
            const Shape& shape = graph[x].shape;
            const int64_t n = shape[0];
            const int64_t rows = to_nhwc ? shape[1] : shape[2] * shape[3];
            const int64_t columns = to_nhwc ? shape[2] * shape[3] : shape[1];
            return {.run = [=](const Run& run) {
              transpose_codes(n, rows, columns, run.at<int8_t>(x), run.at<int8_t>(out));
            }};
          }};
}

}  // namespace

void register_codes(KernelRegistry& registry) {
  registry.add(
      {.kind = "quantize_codes",
       .name = "simd weight",
       .accepts = [](const Graph& graph, const Node& node) { return is_weight(graph, node); },
       .prepare = prepare_quantize});
  registry.add({.kind = "quantize_codes",
                .name = "simd",
                .nhwc = {"X", "Codes"},
                .accepts = [](const Graph&, const Node&) { return true; },
                .prepare = prepare_quantize});
  registry.add({.kind = "dequantize_codes",
                .name = "simd",
                .same_layout = {"X", "Out"},
                .accepts = [](const Graph&, const Node&) { return true; },
                .prepare = prepare_dequantize});
  registry.add(layout_conversion("to_nhwc", true));
  registry.add(layout_conversion("to_nchw", false));
}

}  // namespace intact
