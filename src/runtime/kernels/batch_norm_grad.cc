// batch_norm_grad, with the activation's mask when fused: recomputed from X, or read off Y where a
// residual was added.
#include "backend/cpu/batch_norm.h"
#include "runtime/activation_of.h"
#include "runtime/batch_norm_node.h"
#include "runtime/kernel.h"
#include "runtime/scratch.h"

namespace intact {
namespace {

bool accepts(const Graph& graph, const Node& node) {
  const int rank = graph[node.in("X")].shape.rank();
  return (rank == 2 || rank == 4) && node.in("Scale") != kNoValue && node.in("Bias") != kNoValue &&
         is_float32(graph, node, {"X", "Scale", "SavedMean"});
}

struct Backward {
  int64_t pixels = 0;
  int64_t channels = 0;
  bool is_batch = true;  // the statistics were the batch's
  cpu::Activation activation = cpu::Activation::None;
  ValueId x, y, gamma, beta, mean, inv_std, dy, dx, dgamma, dbeta, dresidual;
  int64_t a, b, sum_dy, sum_dy_xhat, workspace;

  void run(const Run& run) const {
    float* scratch = run.scratch();
    cpu::batch_norm_coefficients(channels,
                                 run.at(gamma),
                                 run.at(beta),
                                 run.at(mean),
                                 run.at(inv_std),
                                 scratch + a,
                                 scratch + b);
    cpu::BatchNormBackward in{.pixels = pixels,
                              .channels = channels,
                              .activation = activation,
                              .x = run.at(x),
                              .dy = run.at(dy),
                              .y = run.at(y),
                              .a = scratch + a,
                              .b = scratch + b,
                              .mean = run.at(mean),
                              .inv_std = run.at(inv_std)};
    float* dbeta_at = dbeta != kNoValue ? run.at(dbeta) : scratch + sum_dy;
    float* dgamma_at = dgamma != kNoValue ? run.at(dgamma) : scratch + sum_dy_xhat;
    cpu::batch_norm_backward_sums(in, dbeta_at, dgamma_at, run.at(dresidual), scratch + workspace);
    if (dresidual != kNoValue) {
      in.dy = run.at(dresidual);
      in.activation = cpu::Activation::None;
    }
    if (dx != kNoValue) {
      cpu::batch_norm_backward_data(
          in, is_batch ? dbeta_at : nullptr, is_batch ? dgamma_at : nullptr, run.at(dx));
    }
  }
};

Step prepare(const Graph& graph, const Node& node) {
  Backward step;
  const Shape& shape = graph[node.in("X")].shape;
  step.channels = shape[1];
  step.pixels = shape.numel() / shape[1];
  step.is_batch = !uses_running_statistics(node);
  step.activation = *activation_of(node.attr_or<std::string>("activation", ""), node);
  step.x = node.in("X");
  step.y = node.in("Y");
  step.gamma = node.in("Scale");
  step.beta = node.in("Bias");
  step.mean = node.in("SavedMean");
  step.inv_std = node.in("SavedVariance");
  step.dy = node.in("Y@GRAD");
  step.dx = graph.needed(node.out("X@GRAD"));
  step.dgamma = graph.needed(node.out("Scale@GRAD"));
  step.dbeta = graph.needed(node.out("Bias@GRAD"));
  step.dresidual = graph.needed(node.out("Residual@GRAD"));
  Scratch scratch;
  for (int64_t* array : {&step.a, &step.b, &step.sum_dy, &step.sum_dy_xhat}) {
    *array = scratch.take(step.channels);
  }
  step.workspace =
      scratch.take(cpu::batch_norm_backward_workspace_floats(step.pixels, step.channels));
  return {.run = [step](const Run& run) { step.run(run); },
          .workspace_bytes = scratch.size_bytes()};
}

}  // namespace

void register_batch_norm_grad(KernelRegistry& registry) {
  registry.add({.kind = "batch_norm_grad",
                .name = "nhwc",
                .nhwc = {"X", "Y@GRAD", "X@GRAD"},
                .in_place = {{"X@GRAD", "Y@GRAD"}},
                .accepts = accepts,
                .prepare = prepare});
  registry.add({.kind = "fused_batch_norm_grad",
                .name = "nhwc",
                .nhwc = {"X", "Y", "Y@GRAD", "X@GRAD", "Residual@GRAD"},
                .in_place = {{"Residual@GRAD", "Y@GRAD"}, {"X@GRAD", "Y@GRAD"}},
                .accepts = accepts,
                .prepare = prepare});
}

}  // namespace intact
