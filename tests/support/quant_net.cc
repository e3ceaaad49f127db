#include "support/quant_net.h"

#include "support/random_tensor.h"

namespace intact {

const char* const kQuantNet = R"(
  var %x: float32[-1,3,4,4] data stop_gradient
  var %label: int64[-1,1] data stop_gradient
  var %w1: float32[4,3,3,3] persistable parameter
  var %w2: float32[5,4,3,3] persistable parameter
  var %w3: float32[80,3] persistable parameter
  var %b3: float32[3] persistable parameter
  Output=%c1 = conv2d(Input=%x, Filter=%w1) {paddings=[1,1]}
  Out=%r1 = relu(X=%c1)
  Output=%c2 = conv2d(Input=%r1, Filter=%w2) {paddings=[1,1]}
  Out=%f = mul(X=%c2, Y=%w3)
  Out=%y = elementwise_add(X=%f, Y=%b3) {axis=1}
  Loss=%loss, Softmax=%p = softmax_with_cross_entropy(Logits=%y, Label=%label)
  Out=%mean = reduce_mean(X=%loss) {reduce_all=true}
)";

Scope quant_net_scope() {
  Scope scope;
  scope.set("w1", random_tensor({4, 3, 3, 3}, 1));
  scope.set("w2", random_tensor({5, 4, 3, 3}, 2));
  scope.set("w3", random_tensor({80, 3}, 3));
  scope.set("b3", random_tensor({3}, 4));
  return scope;
}

TensorMap quant_net_batch(uint64_t seed) {
  return {{"x", random_tensor({2, 3, 4, 4}, seed)},
          {"label", Tensor::from<int64_t>({2, 1}, {0, 2})}};
}

}  // namespace intact
