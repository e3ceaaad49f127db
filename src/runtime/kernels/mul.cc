// mul: Out = X*Y with X and Y flattened to matrices [m,k] and [k,n], and its gradient.
#include <algorithm>

#include "backend/cpu/gemm.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

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

Step prepare_backward(const Graph& graph, const Node& node) {
  const Sizes s = sizes_of(graph, node);
  const ValueId x = node.in("X");
  const ValueId y = node.in("Y");
  const ValueId dout = node.in("Out@GRAD");
  const ValueId dx = graph.needed(node.out("X@GRAD"));
  const ValueId dy = graph.needed(node.out("Y@GRAD"));
  const int64_t workspace = std::max(cpu::parallel_gemm_workspace_floats(s.m, s.k, s.n),
                                     cpu::parallel_gemm_workspace_floats(s.k, s.n, s.m));
  const int passes = (dx != kNoValue ? 1 : 0) + (dy != kNoValue ? 1 : 0);
  const auto x_grad = [=](const Run& run) {
    cpu::parallel_gemm(false,
                       true,
                       s.m,
                       s.k,
                       s.n,
                       run.at(dout),
                       s.n,
                       run.at(y),
                       s.n,
                       0,
                       run.at(dx),
                       s.k,
                       run.scratch());
  };
  const auto y_grad = [=](const Run& run) {
    cpu::parallel_gemm(true,
                       false,
                       s.k,
                       s.n,
                       s.m,
                       run.at(x),
                       s.k,
                       run.at(dout),
                       s.n,
                       0,
                       run.at(dy),
                       s.n,
                       run.scratch());
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
          .workspace_bytes = static_cast<size_t>(workspace) * sizeof(float),
          .flops = flops_of(s) * passes};
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
}

}  // namespace intact
