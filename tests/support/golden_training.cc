#include "support/golden_training.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "intact/nn/accuracy.h"
#include "intact/nn/conv2d.h"
#include "intact/nn/cross_entropy.h"
#include "intact/nn/data.h"
#include "intact/nn/fc.h"
#include "intact/nn/models/mobilenet_v1.h"
#include "intact/nn/pool2d.h"
#include "intact/nn/program_guard.h"
#include "intact/nn/reduce.h"
#include "intact/nn/shape_ops.h"
#include "intact/train/optimizer.h"
#include "support/data_path.h"
#include "support/npz.h"

namespace intact {
namespace {

Var& lenet(Var& image) {
  const nn::Conv2dOptions c1{.filters = 4, .kernel = 5, .activation = "relu", .name = "c1"};
  const nn::Conv2dOptions c2{.filters = 8, .kernel = 5, .activation = "relu", .name = "c2"};
  Var& pooled1 = nn::pool2d(nn::conv2d(image, c1), {.kernel = 2});
  Var& pooled2 = nn::pool2d(nn::conv2d(pooled1, c2), {.kernel = 2});
  return nn::fc(pooled2, {.size = 10, .activation = "softmax", .name = "fc"});
}

Var& mobilenet(Var& image) {
  return nn::mobilenet_v1(image, {.class_dim = 10, .scale = 0.125f, .softmax_output = true});
}

}  // namespace

GoldenNetwork golden_lenet() {
  return {"lenet", lenet};
}
GoldenNetwork golden_mobilenet() {
  return {"mobilenet_s0125", mobilenet};
}

GoldenTraining::GoldenTraining(const GoldenNetwork& network) {
  ProgramGuard guard(main, startup);
  Var& image = nn::data("image", {-1, 1, 28, 28});
  Var& label = nn::reshape(nn::data("label", {-1, 1}, DType::Int64), {-1, 1});
  Var& out = network.build(image);
  Var& loss = nn::mean(nn::cross_entropy(out, label));
  Var& top1 = nn::accuracy(out, label, 1);
  Var& top5 = nn::accuracy(out, label, 5);
  Momentum({.learning_rate = 0.01f, .momentum = 0.9f}).minimize(loss);
  fetches = {top1.name(), top5.name(), loss.name()};
}

Trace::Trace(const std::string& network) : tensors_(read_npz(data_path(network + "/trace.npz"))) {}

TensorMap Trace::below(const std::string& prefix) const {
  TensorMap result;
  for (const auto& [name, tensor] : tensors_) {
    if (name.starts_with(prefix)) {
      result.emplace(name.substr(prefix.size()), tensor);
    }
  }
  return result;
}

Tensor Trace::row(const std::string& name, int64_t index) const {
  const Tensor& all = get(name);
  const std::vector<int64_t>& dims = all.shape().dims();
  Tensor row(all.dtype(), Shape(std::vector<int64_t>(dims.begin() + 1, dims.end())));
  const size_t bytes = row.size_bytes();
  std::memcpy(
      row.raw(), static_cast<const char*>(all.raw()) + static_cast<size_t>(index) * bytes, bytes);
  return row;
}

TensorMap Trace::batch(int64_t step) const {
  return {{"image", row("batch_x", step)}, {"label", row("batch_y", step)}};
}

void Trace::load(const std::string& prefix, Scope& scope) const {
  for (const auto& [name, tensor] : below(prefix)) {
    ASSERT_TRUE(scope.contains(name)) << name;
    scope.set(name, tensor.reshaped(scope.get(name).shape()).clone());
  }
}

float largest_of(const Tensor& tensor) {
  float largest = 0;
  for (float value : tensor.values<float>()) {
    largest = std::max(largest, std::abs(value));
  }
  return largest;
}

float largest_difference(const Tensor& a, const Tensor& b) {
  const auto x = a.values<float>();
  const auto y = b.values<float>();
  EXPECT_EQ(x.size(), y.size());
  float largest = 0;
  for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    largest = std::max(largest, std::abs(x[i] - y[i]));
  }
  return largest;
}

}  // namespace intact
