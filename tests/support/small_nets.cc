#include "support/small_nets.h"

#include "intact/nn/activation.h"
#include "intact/nn/batch_norm.h"
#include "intact/nn/conv2d.h"
#include "intact/nn/cross_entropy.h"
#include "intact/nn/data.h"
#include "intact/nn/elementwise.h"
#include "intact/nn/fc.h"
#include "intact/nn/pool2d.h"
#include "intact/tensor/random.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

constexpr int kClasses = 5;

Tensor random_labels(int64_t count, uint64_t seed) {
  const Philox random(seed);
  Tensor labels(DType::Int64, {count, 1});
  for (int64_t i = 0; i < count; ++i) {
    labels.data<int64_t>()[i] = random.bits(static_cast<uint64_t>(i)) % kClasses;
  }
  return labels;
}

std::vector<TensorMap> batches(int64_t channels, int64_t size) {
  std::vector<TensorMap> result;
  for (const int64_t count : {4, 4, 3}) {
    const uint64_t seed = 10 + result.size();
    result.push_back({{"image", random_tensor({count, channels, size, size}, seed)},
                      {"label", random_labels(count, seed)}});
  }
  return result;
}

struct Conv {
  int filters = 0;
  int kernel = 1;
  int stride = 1;
  int groups = 1;
};

Var& conv_bn(Var& x, const Conv& conv, const std::string& activation) {
  Var& y = nn::conv2d(x,
                      {.filters = conv.filters,
                       .kernel = conv.kernel,
                       .stride = conv.stride,
                       .padding = conv.kernel / 2,
                       .groups = conv.groups,
                       .bias = std::nullopt});
  return nn::batch_norm(y, {.activation = activation});
}

Var& mobile(Var& image) {
  Var* x = &conv_bn(image, {.filters = 8, .kernel = 3, .stride = 2}, "relu");
  x = &conv_bn(*x, {.filters = 8, .kernel = 3, .groups = 8}, "relu");
  x = &conv_bn(*x, {.filters = 16}, "relu");
  x = &conv_bn(*x, {.filters = 16, .kernel = 3, .stride = 2, .groups = 16}, "relu6");
  x = &conv_bn(*x, {.filters = 24}, "relu6");
  return nn::global_average_pool(*x);
}

Var& residual(Var& image) {
  Var* x = &conv_bn(image, {.filters = 8, .kernel = 3}, "relu");
  x = &nn::pool2d(*x, {.kernel = 3, .stride = 2, .padding = 1});
  Var& same = conv_bn(*x, {.filters = 8, .kernel = 3}, "");
  x = &nn::relu(nn::elementwise_add(same, *x));
  Var& narrow = conv_bn(*x, {.filters = 16, .kernel = 3, .stride = 2}, "relu");
  Var& down = conv_bn(narrow, {.filters = 16, .kernel = 3}, "");
  Var& shortcut = conv_bn(*x, {.filters = 16, .stride = 2}, "");
  x = &nn::relu(nn::elementwise_add(shortcut, down));
  Var& linear = conv_bn(*x, {.filters = 16}, "");
  return nn::global_average_pool(nn::elementwise_add(linear, *x));
}

Var& lenet(Var& image) {
  Var* x = &nn::conv2d(image, {.filters = 6, .kernel = 5, .padding = 2, .activation = "relu"});
  x = &nn::pool2d(*x, {.kernel = 2});
  x = &nn::conv2d(*x, {.filters = 8, .kernel = 3, .groups = 2, .activation = "relu6"});
  x = &nn::pool2d(*x, {.type = nn::PoolType::Average, .kernel = 3, .padding = 1});
  return nn::fc(*x, {.size = 12, .activation = "relu"});
}

struct SmallNet {
  int64_t channels = 1;
  int64_t size = 1;
  Var& (*build)(Var&) = nullptr;
};

SmallNet find_net(const std::string& name) {
  return name == "mobile"     ? SmallNet{1, 12, mobile}
         : name == "residual" ? SmallNet{3, 10, residual}
                              : SmallNet{1, 14, lenet};
}

TestProgram make(const std::string& name, bool is_trained) {
  const SmallNet net = find_net(name);
  return make_test_program(
      [&]() -> std::vector<Var*> {
        Var& image = nn::data("image", {-1, net.channels, net.size, net.size});
        Var& label = nn::data("label", {-1, 1}, DType::Int64);
        Var& logits = nn::fc(net.build(image), {.size = kClasses});
        Var& loss = nn::cross_entropy(logits, label);
        if (is_trained) {
          append_momentum(loss);
        }
        return {&loss, &logits};
      },
      batches(net.channels, net.size));
}

}  // namespace

const std::vector<std::string>& small_net_names() {
  static const std::vector<std::string> names = {"mobile", "residual", "lenet"};
  return names;
}

TestProgram small_net(const std::string& name) {
  return make(name, true);
}

TestProgram small_net_for_test(const std::string& name) {
  TestProgram program = make(name, false);
  program.main = program.main.clone_for_test();
  return program;
}

}  // namespace intact
