// Ops that only give the same bytes another shape: Out is X's memory, nothing runs.
#include "runtime/kernel.h"

namespace intact {
namespace {

Kernel view(const char* kind, const char* input, const char* output) {
  return {.kind = kind,
          .name = "view",
          .views = {{output, input}},
          .accepts = [input, output](const Graph& graph, const Node& node) {
            return can_view(graph, node.in(input), node.out(output));
          }};
}

/// The shape stays too, so any layout will do.
Kernel same_shape(const char* kind, const char* input, const char* output) {
  Kernel kernel = view(kind, input, output);
  kernel.same_layout = {input, output};
  return kernel;
}

}  // namespace

void register_view(KernelRegistry& registry) {
  for (const char* kind :
       {"reshape2", "flatten_contiguous_range", "flatten2", "squeeze2", "unsqueeze2"}) {
    registry.add(view(kind, "X", "Out"));
    registry.add(view((std::string(kind) + "_grad").c_str(), "Out@GRAD", "X@GRAD"));
  }
  registry.add(same_shape("assign", "X", "Out"));
  registry.add(same_shape("straight_through_estimator_grad", "Out@GRAD", "X@GRAD"));
}

}  // namespace intact
