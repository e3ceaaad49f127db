// momentum and sgd; in the fused form over many parameters at once, split evenly by elements.
#include "backend/cpu/optimizer.h"

#include "base/parallel.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

/// Enough to share evenly between threads, few enough to cost nothing.
constexpr int64_t kParts = 64;

/// A run of elements of one parameter.
struct Piece {
  size_t parameter = 0;
  int64_t begin = 0;
  int64_t end = 0;
};

/// The pieces of each part.
std::vector<std::vector<Piece>> split(const Graph& graph, const std::vector<ValueId>& parameters) {
  int64_t total = 0;
  for (const ValueId id : parameters) {
    total += graph[id].shape.numel();
  }
  std::vector<std::vector<Piece>> parts;
  size_t parameter = 0;
  int64_t first = 0;  // of the parameter, in the numbering of all elements
  for (int64_t part = 0; part < kParts; ++part) {
    const Range range = split_evenly(total, kParts, part);
    std::vector<Piece>& pieces = parts.emplace_back();
    int64_t at = range.begin;
    while (at < range.end) {
      const int64_t last = first + graph[parameters[parameter]].shape.numel();
      if (at >= last) {
        first = last;
        ++parameter;
        continue;
      }
      const int64_t end = std::min(last, range.end);
      pieces.push_back({parameter, at - first, end - first});
      at = end;
    }
  }
  return parts;
}

Step prepare_momentum(const Graph& graph, const Node& node) {
  const std::vector<ValueId> params = node.in_list("Param");
  const std::vector<ValueId> grads = node.in_list("Grad");
  const std::vector<ValueId> velocities = node.in_list("Velocity");
  const ValueId rate = node.in("LearningRate");
  cpu::MomentumOptions fixed{
      .mu = node.attr<float>("mu"),
      .use_nesterov = node.attr<bool>("use_nesterov"),
      .l2_decay = node.attr<std::string>("regularization_method") == "l2_decay"
                      ? node.attr<float>("regularization_coeff")
                      : 0.0f,
      .rescale_grad = node.attr<float>("rescale_grad")};
  const auto parts = split(graph, params);
  return {.run = [=](const Run& run) {
    cpu::MomentumOptions options = fixed;
    options.learning_rate = *run.at(rate);
    parallel_for(kParts, [&](int64_t part) {
      for (const Piece& piece : parts[static_cast<size_t>(part)]) {
        cpu::momentum(piece.end - piece.begin,
                      options,
                      run.at(grads[piece.parameter]) + piece.begin,
                      run.at(params[piece.parameter]) + piece.begin,
                      run.at(velocities[piece.parameter]) + piece.begin);
      }
    });
  }};
}

Step prepare_sgd(const Graph& graph, const Node& node) {
  const std::vector<ValueId> params = node.in_list("Param");
  const std::vector<ValueId> grads = node.in_list("Grad");
  const ValueId rate = node.in("LearningRate");
  const auto parts = split(graph, params);
  return {.run = [=](const Run& run) {
    const float learning_rate = *run.at(rate);
    parallel_for(kParts, [&](int64_t part) {
      for (const Piece& piece : parts[static_cast<size_t>(part)]) {
        cpu::sgd(piece.end - piece.begin,
                 learning_rate,
                 run.at(grads[piece.parameter]) + piece.begin,
                 run.at(params[piece.parameter]) + piece.begin);
      }
    });
  }};
}

/// The kernels update in place: each output must be its input's memory.
bool is_in_place(const Graph& graph, const Node& node, const char* slot) {
  const std::vector<ValueId> before = node.in_list(slot);
  const std::vector<ValueId> after = node.out_list(std::string(slot) + "Out");
  for (size_t i = 0; i < before.size(); ++i) {
    if (i >= after.size() || graph[before[i]].next_version != after[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

void register_optimizer(KernelRegistry& registry) {
  registry.add({.kind = "momentum",
                .name = "simd",
                .accepts =
                    [](const Graph& graph, const Node& node) {
                      return is_float32(graph, node, {"Param"}) &&
                             node.in("MasterParam") == kNoValue &&
                             is_in_place(graph, node, "Param") &&
                             is_in_place(graph, node, "Velocity");
                    },
                .prepare = prepare_momentum});
  registry.add({.kind = "sgd",
                .name = "simd",
                .accepts =
                    [](const Graph& graph, const Node& node) {
                      return is_float32(graph, node, {"Param"}) &&
                             node.in("MasterParam") == kNoValue &&
                             is_in_place(graph, node, "Param");
                    },
                .prepare = prepare_sgd});
}

}  // namespace intact
