#include "comparison.h"

#include "mcnemar.h"
#include "picture.h"

namespace intact::tools {
namespace {

Tensor image_of(const Tensor& images, int64_t index) {
  const int64_t size = images.shape().numel(1, images.shape().rank());
  return Tensor::from<float>(
      {images.shape()[-2], images.shape()[-1]},
      {images.data<float>() + index * size, images.data<float>() + (index + 1) * size});
}

}  // namespace

double Comparison::p() const {
  return mcnemar_exact_p(only_a, only_b);
}

void Comparison::add(const TensorMap& batch,
                     const std::vector<int64_t>& a,
                     const std::vector<int64_t>& b,
                     bool with_pictures) {
  for (size_t i = 0; i < a.size(); ++i) {
    const int64_t label = batch.at("label").data<int64_t>()[i];
    both += a[i] == label && b[i] == label ? 1 : 0;
    only_a += a[i] == label && b[i] != label ? 1 : 0;
    only_b += a[i] != label && b[i] == label ? 1 : 0;
    neither += a[i] != label && b[i] != label ? 1 : 0;
    if (a[i] != b[i]) {
      Disagreement found = {.image = images, .label = label, .a = a[i], .b = b[i]};
      if (with_pictures && disagreements.size() < kMaxPictures) {
        found.picture = png_data_uri(image_of(batch.at("image"), static_cast<int64_t>(i)));
      }
      disagreements.push_back(std::move(found));
    }
    ++images;
  }
}

nlohmann::ordered_json to_json(const Comparison& comparison) {
  const auto images = static_cast<double>(comparison.images);
  nlohmann::ordered_json json = {
      {"images", comparison.images},
      {"top1_a", static_cast<double>(comparison.both + comparison.only_a) / images},
      {"top1_b", static_cast<double>(comparison.both + comparison.only_b) / images},
      {"both_right", comparison.both},
      {"only_a_right", comparison.only_a},
      {"only_b_right", comparison.only_b},
      {"both_wrong", comparison.neither},
      {"mcnemar_p", comparison.p()}};
  json["disagreements"] = nlohmann::ordered_json::array();
  for (const Disagreement& found : comparison.disagreements) {
    json["disagreements"].push_back(
        {{"image", found.image}, {"label", found.label}, {"a", found.a}, {"b", found.b}});
  }
  return json;
}

std::vector<int64_t> predict(ModelRunner& runner, const Tensor& images) {
  return predicted_labels(runner.run({{runner.model().feeds[0], images}})[0]);
}

}  // namespace intact::tools
