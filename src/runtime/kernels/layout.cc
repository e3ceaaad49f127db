// Out = X with its channels moved last, or back.
#include "backend/cpu/elementwise.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

using Convert = void (*)(int64_t, int64_t, int64_t, const float*, float*);

Kernel conversion(const char* kind, Convert convert) {
  const bool to_nhwc = convert == cpu::nchw_to_nhwc;
  return {.kind = kind,
          .name = kind,
          .nhwc = {to_nhwc ? "Out" : "X"},
          .accepts = [](const Graph& graph,
                        const Node& node) { return is_float32(graph, node, {"X"}); },
          .prepare = [convert](const Graph& graph, const Node& node) -> Step {
            const ValueId x = node.in("X");
            const ValueId out = node.out("Out");
            const Shape& shape = graph[x].shape;
            const int64_t n = shape[0];
            const int64_t c = shape[1];
            const int64_t pixels = shape[2] * shape[3];
            return {.run = [=](const Run& run) { convert(n, c, pixels, run.at(x), run.at(out)); }};
          }};
}

}  // namespace

void register_layout(KernelRegistry& registry) {
  registry.add(conversion("to_nhwc", cpu::nchw_to_nhwc));
  registry.add(conversion("to_nchw", cpu::nhwc_to_nchw));
}

}  // namespace intact
