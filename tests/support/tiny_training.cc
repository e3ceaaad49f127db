#include "support/tiny_training.h"

#include <algorithm>
#include <cmath>

#include "intact/nn/accuracy.h"
#include "intact/nn/batch_norm.h"
#include "intact/nn/conv2d.h"
#include "intact/nn/cross_entropy.h"
#include "intact/nn/data.h"
#include "intact/nn/dropout.h"
#include "intact/nn/fc.h"
#include "intact/nn/program_guard.h"
#include "intact/tensor/random.h"
#include "intact/train/optimizer.h"

namespace intact {

Sample StripesDataset::get(int64_t index, int64_t) const {
  constexpr int64_t kSide = 8;
  const Philox noise(static_cast<uint64_t>(index));
  const int64_t label = static_cast<int64_t>(noise.bits(1000) % 4);
  Tensor image(DType::Float32, {1, kSide, kSide});
  for (int64_t i = 0; i < kSide * kSide; ++i) {
    const float stripe = (i % kSide) / 2 == label ? 1.0f : 0.0f;
    image.values<float>()[static_cast<size_t>(i)] =
        stripe + 0.5f * (noise.uniform(static_cast<uint64_t>(i)) - 0.5f);
  }
  return {image, Tensor::from<int64_t>({1}, {label})};
}

TinyTraining::TinyTraining(uint64_t seed) {
  main.set_random_seed(seed);
  startup.set_random_seed(seed);
  ProgramGuard guard(main, startup);
  Var& image = nn::data("image", {-1, 1, 8, 8});
  Var& label = nn::data("label", {-1, 1}, DType::Int64);
  Var& conv = nn::conv2d(image, {.filters = 8, .stride = 2, .padding = 1, .bias = {}});
  Var& features = nn::dropout(nn::batch_norm(conv, {.activation = "relu"}), {.probability = 0.1f});
  Var& logits = nn::fc(features, {.size = 4});
  Var& mean_loss = nn::cross_entropy(logits, label);
  output = logits.name();
  loss = mean_loss.name();
  top1 = nn::accuracy(logits, label, 1).name();
  top2 = nn::accuracy(logits, label, 2).name();
  Momentum({.learning_rate = 0.02f}).minimize(mean_loss);
  test = main.clone_for_test();
  executor.run(startup, {}, {}, scope);
}

DataLoader TinyTraining::loader() const {
  return DataLoader(dataset, {.batch_size = kBatch, .shuffle = true, .seed = 3});
}

LoopOptions TinyTraining::loop() {
  LoopOptions options;
  options.top1 = top1;
  options.top5 = top2;
  options.loss = loss;
  options.scope = &scope;
  return options;
}

bool identical(const Scope& a, const Scope& b) {
  return a.names() == b.names() && std::ranges::all_of(a.names(), [&](const std::string& name) {
           return a.get(name).identical(b.get(name));
         });
}

bool is_finite(const Scope& scope) {
  return std::ranges::all_of(scope.names(), [&](const std::string& name) {
    const Tensor& tensor = scope.get(name);
    return tensor.dtype() != DType::Float32 ||
           std::ranges::all_of(tensor.values<float>(),
                               [](float value) { return std::isfinite(value); });
  });
}

}  // namespace intact
