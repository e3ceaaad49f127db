#pragma once

#include <string>
#include <vector>

#include "intact/nn/model_options.h"

namespace intact {
class Var;
}

namespace intact::nn {

/// Names that build_model knows, sorted.
std::vector<std::string> model_names();

/// Appends the model called `name` to the current Program. Throws: NotFound, naming the nearest.
Var& build_model(const std::string& name, Var& image, const ModelOptions& options = {});

}  // namespace intact::nn
