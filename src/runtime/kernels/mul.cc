// mul: Out = X*Y with X and Y flattened to matrices [m,k] and [k,n], and its gradient. On floats or
// on int8 codes, which the gradient dequantizes into scratch.
#include <algorithm>

#include "backend/cpu/code_gemm.h"
#include "backend/cpu/codes.h"
#include "backend/cpu/gemm.h"
#include "base/parallel.h"
#include "runtime/code_slots.h"
#include "runtime/kernel.h"
#include "runtime/scratch.h"

namespace intact {
namespace {

/// 127 * 128 * this fits 31 bits.
constexpr int64_t kMaxDepth = 1 << 17;

struct Sizes {
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;
};

Sizes sizes_of(const Graph& graph, const Node& node) {
  const Shape& x = graph[node.in("X")].shape;
  const Shape& y = graph[node.in("Y")].shape;
  const int32_t x_columns = node.attr<int32_t>("x_num_col_dims");
  const int32_t y_columns = node.attr<int32_t>("y_num_col_dims");
  return {.m = x.numel(0, x_columns),
          .n = y.numel(y_columns, y.rank()),
          .k = x.numel(x_columns, x.rank())};
}

double flops_of(const Sizes& s) {
  return 2.0 * static_cast<double>(s.m) * static_cast<double>(s.n) * static_cast<double>(s.k);
}

Step prepare_forward(const Graph& graph, const Node& node) {
  const Sizes s = sizes_of(graph, node);
  const ValueId x = node.in("X");
  const ValueId y = node.in("Y");
  const ValueId out = node.out("Out");
  return {
      .run =
          [=](const Run& run) {
            cpu::parallel_gemm(false,
                               false,
                               s.m,
                               s.n,
                               s.k,
                               run.at(x),
                               s.k,
                               run.at(y),
                               s.n,
                               0,
                               run.at(out),
                               s.n,
                               run.scratch());
          },
      .workspace_bytes =
          static_cast<size_t>(cpu::parallel_gemm_workspace_floats(s.m, s.n, s.k)) * sizeof(float),
      .flops = flops_of(s)};
}

/// out [rows, padded_depth(k)] from x [rows,k] or, transposed, from x [k,rows].
void pad_codes(int64_t rows, int64_t k, bool is_transposed, const int8_t* x, int8_t* out) {
  constexpr int64_t kParts = 16;
  const int64_t depth = cpu::padded_depth(k);
  parallel_for(kParts, [&](int64_t part) {
    const Range range = split_evenly(rows, kParts, part);
    for (int64_t row = range.begin; row < range.end; ++row) {
      int8_t* to = out + row * depth;
      for (int64_t i = 0; i < k; ++i) {
        to[i] = is_transposed ? x[i * rows + row] : x[row * k + i];
      }
      std::fill(to + k, to + depth, int8_t{0});
    }
  });
}

int64_t floats_of_bytes(int64_t bytes) {
  return (bytes + 3) / 4;
}

Step prepare_codes_forward(const Graph& graph, const Node& node) {
  const Sizes s = sizes_of(graph, node);
  const CodeSlot x = code_slot_of(node, "X");
  const CodeSlot y = code_slot_of(node, "Y");
  const ValueId out = node.out("Out");
  const int64_t depth = cpu::padded_depth(s.k);
  Scratch scratch;
  const int64_t multipliers = scratch.take(s.n);
  const int64_t x_padded = scratch.take(floats_of_bytes(s.m * depth));
  const int64_t y_padded = scratch.take(floats_of_bytes(s.n * depth));
  const int64_t y_packed = scratch.take(floats_of_bytes(cpu::packed_codes_bytes(s.n, depth)));
  const auto codes_at = [](const Run& run, int64_t offset) {
    return reinterpret_cast<int8_t*>(run.scratch() + offset);
  };
  return {.run =
              [=](const Run& run) {
                float* multiplier = run.scratch() + multipliers;
                cpu::code_multipliers(s.n,
                                      *run.at(x.scale),
                                      x.bits,
                                      run.at(y.scale),
                                      y.axis < 0 ? 0 : 1,
                                      y.bits,
                                      multiplier);
                const int8_t* a = run.at<int8_t>(x.codes);
                if (depth != s.k) {
                  pad_codes(s.m, s.k, false, a, codes_at(run, x_padded));
                  a = codes_at(run, x_padded);
                }
                pad_codes(s.n, s.k, true, run.at<int8_t>(y.codes), codes_at(run, y_padded));
                cpu::pack_codes(s.n, depth, codes_at(run, y_padded), codes_at(run, y_packed));
                cpu::parallel_code_gemm({.range = x.range,
                                         .m = s.m,
                                         .n = s.n,
                                         .depth = depth,
                                         .a = a,
                                         .lda = depth,
                                         .packed = codes_at(run, y_packed),
                                         .multiplier = multiplier,
                                         .c = run.at(out),
                                         .ldc = s.n});
              },
          .workspace_bytes = scratch.size_bytes(),
          .flops = flops_of(s)};
}

/// An operand of the gradient as floats: itself, or dequantized into scratch.
std::function<const float*(const Run&)> operand(const Graph& graph,
                                                const Node& node,
                                                const std::string& slot,
                                                Scratch& scratch) {
  if (!has_codes(graph, node, slot)) {
    const ValueId id = node.in(slot);
    return [id](const Run& run) -> const float* { return run.at(id); };
  }
  const CodeSlot codes = code_slot_of(node, slot);
  const ValueChannels view = channels_of(graph[codes.codes], codes.axis);
  const int64_t count = view.outer * view.channels * view.inner;
  const int64_t offset = scratch.take(count);
  return [=](const Run& run) -> const float* {
    float* values = run.scratch() + offset;
    const auto* from = run.at<int8_t>(codes.codes);
    if (codes.axis < 0) {
      cpu::dequantize_codes(count, from, *run.at(codes.scale), codes.bits, values);
    } else {
      cpu::dequantize_codes_channels(
          view.outer, view.channels, view.inner, from, run.at(codes.scale), codes.bits, values);
    }
    return values;
  };
}

Step prepare_backward(const Graph& graph, const Node& node) {
  const Sizes s = sizes_of(graph, node);
  Scratch scratch;
  const auto x = operand(graph, node, "X", scratch);
  const auto y = operand(graph, node, "Y", scratch);
  const ValueId dout = node.in("Out@GRAD");
  const ValueId dx = graph.needed(node.out("X@GRAD"));
  const ValueId dy = graph.needed(node.out("Y@GRAD"));
  const int64_t workspace =
      scratch.take(std::max(cpu::parallel_gemm_workspace_floats(s.m, s.k, s.n),
                            cpu::parallel_gemm_workspace_floats(s.k, s.n, s.m)));
  const int passes = (dx != kNoValue ? 1 : 0) + (dy != kNoValue ? 1 : 0);
  const auto x_grad = [=](const Run& run) {
    cpu::parallel_gemm(false,
                       true,
                       s.m,
                       s.k,
                       s.n,
                       run.at(dout),
                       s.n,
                       y(run),
                       s.n,
                       0,
                       run.at(dx),
                       s.k,
                       run.scratch() + workspace);
  };
  const auto y_grad = [=](const Run& run) {
    cpu::parallel_gemm(true,
                       false,
                       s.k,
                       s.n,
                       s.m,
                       x(run),
                       s.k,
                       run.at(dout),
                       s.n,
                       0,
                       run.at(dy),
                       s.n,
                       run.scratch() + workspace);
  };
  return {.run =
              [=](const Run& run) {
                if (dx != kNoValue) {
                  x_grad(run);
                }
                if (dy != kNoValue) {
                  y_grad(run);
                }
              },
          .workspace_bytes = scratch.size_bytes(),
          .flops = flops_of(s) * passes};
}

bool has_code_operands(const Graph& graph, const Node& node) {
  if (!has_codes(graph, node, "X") || !has_codes(graph, node, "Y")) {
    return false;
  }
  const int axis = code_slot_of(node, "Y").axis;
  const bool is_matrix = graph[node.in("Y")].shape.rank() == 2;
  return code_slot_of(node, "X").axis < 0 && (axis < 0 || (axis == 1 && is_matrix)) &&
         sizes_of(graph, node).k < kMaxDepth;
}

void add_codes_forward(KernelRegistry& registry, const char* name, cpu::CodeRange range) {
  registry.add({.kind = "mul",
                .name = name,
                .accepts =
                    [range](const Graph& graph, const Node& node) {
                      return has_code_operands(graph, node) &&
                             code_slot_of(node, "X").range == range;
                    },
                .prepare = prepare_codes_forward});
}

}  // namespace

void register_mul(KernelRegistry& registry) {
  registry.add({.kind = "mul",
                .name = "gemm",
                .accepts =
                    [](const Graph& graph, const Node& node) {
                      return is_float32(graph, node, {"X", "Y", "Out"});
                    },
                .prepare = prepare_forward});
  registry.add({.kind = "mul_grad",
                .name = "gemm",
                .accepts =
                    [](const Graph& graph, const Node& node) {
                      return is_float32(graph, node, {"X", "Y", "Out@GRAD"});
                    },
                .prepare = prepare_backward});
  add_codes_forward(registry, "int8 0..127", cpu::CodeRange::Unsigned7);
  add_codes_forward(registry, "int8 -128..127", cpu::CodeRange::Signed8);
  registry.add({.kind = "mul_grad",
                .name = "gemm from codes",
                .accepts =
                    [](const Graph& graph, const Node& node) {
                      return has_code_operands(graph, node) &&
                             is_float32(graph, node, {"Out@GRAD"});
                    },
                .prepare = prepare_backward});
}

}  // namespace intact
