#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intact/tensor/tensor.h"
#include "model_runner.h"

namespace intact::tools {

/// An image on which the models give different labels.
struct Disagreement {
  int64_t image = 0;
  int64_t label = 0;
  int64_t a = 0;
  int64_t b = 0;
  std::string picture;
};

/// Two models on the same images: which is right where.
struct Comparison {
  static constexpr size_t kMaxPictures = 200;

  int64_t images = 0;
  int64_t both = 0;
  int64_t only_a = 0;
  int64_t only_b = 0;
  int64_t neither = 0;
  std::vector<Disagreement> disagreements;

  double p() const;
  /// batch: "image" and "label"; a, b: the labels the models predict for it.
  void add(const TensorMap& batch,
           const std::vector<int64_t>& a,
           const std::vector<int64_t>& b,
           bool with_pictures);
};

/// Counts, top-1 of both, p-value and the images they differ on, without pictures.
nlohmann::ordered_json to_json(const Comparison& comparison);

std::vector<int64_t> predict(ModelRunner& runner, const Tensor& images);

}  // namespace intact::tools
