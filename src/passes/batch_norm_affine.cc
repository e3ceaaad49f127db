#include "passes/batch_norm_affine.h"

#include <cmath>

namespace intact {

bool is_test_batch_norm(const Op& op) {
  return op.type() == "batch_norm" &&
         (op.attr<bool>("use_global_stats") ||
          (op.attr<bool>("is_test") && !op.attr<bool>("trainable_statistics")));
}

BatchNormAffine batch_norm_affine(const Op& batch_norm, const Scope& scope) {
  const auto values = [&](const char* slot) {
    return scope.get(batch_norm.input(slot).name()).values<float>();
  };
  const auto gamma = values("Scale");
  const auto beta = values("Bias");
  const auto mean = values("Mean");
  const auto variance = values("Variance");
  const double epsilon = batch_norm.attr<float>("epsilon");
  BatchNormAffine affine;
  for (size_t c = 0; c < gamma.size(); ++c) {
    const double a = gamma[c] / std::sqrt(double{variance[c]} + epsilon);
    affine.a.push_back(a);
    affine.b.push_back(beta[c] - a * mean[c]);
  }
  return affine;
}

std::vector<float> as_floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

}  // namespace intact
