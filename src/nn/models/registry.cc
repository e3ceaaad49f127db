#include "intact/nn/models/registry.h"

#include <map>

#include "base/check.h"
#include "base/nearest.h"
#include "intact/nn/models/lenet.h"
#include "intact/nn/models/mobilenet_v1.h"
#include "intact/nn/models/mobilenet_v2.h"
#include "intact/nn/models/resnet.h"

namespace intact::nn {
namespace {

using Builder = Var& (*)(Var&, const ModelOptions&);

const std::map<std::string, Builder>& builders() {
  static const std::map<std::string, Builder> all = {
      {"lenet", lenet},
      {"mobilenet_v1", mobilenet_v1},
      {"mobilenet_v2", mobilenet_v2},
      {"resnet18", resnet18},
      {"resnet50", resnet50},
  };
  return all;
}

}  // namespace

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const auto& [name, builder] : builders()) {
    names.push_back(name);
  }
  return names;
}

Var& build_model(const std::string& name, Var& image, const ModelOptions& options) {
  const auto it = builders().find(name);
  if (it == builders().end()) {
    const std::string near = nearest(name, model_names());
    fail(ErrorCode::NotFound,
         "model: '{}' does not exist{}; valid are {}",
         name,
         near.empty() ? "" : fmt::format(", the nearest is '{}'", near),
         model_names());
  }
  return it->second(image, options);
}

}  // namespace intact::nn
