// The ends of a saved Program. feed: Out = X, column `col` of the fed list. fetch: the reverse.
// Whoever runs a Program binds feeds and fetches by name, so these ops only mark the Vars.
#include <cstring>

#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"

namespace intact {
namespace {

// The list side has no shape of its own; the tensor side keeps the one it was declared with.
void infer(InferContext&) {}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  std::memcpy(op.output("Out").raw(), x.raw(), x.size_bytes());
}

}  // namespace

void register_feed_fetch(OpRegistry& registry) {
  for (const char* type : {"feed", "fetch"}) {
    registry.add({.type = type,
                  .inputs = {{"X"}},
                  .outputs = {{"Out"}},
                  .attrs = {{.name = "col", .default_value = int32_t{0}, .is_required = true}},
                  .infer = infer,
                  .forward = forward,
                  .gradient = {}});
  }
}

}  // namespace intact
