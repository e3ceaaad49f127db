#pragma once

#include "intact/runtime/integer_model.h"
#include "runtime/integer/lowering.h"

namespace intact {

struct IntegerModel::Impl {
  Program program;  // what the steps' ops are in, and where shapes come from
  std::vector<std::string> feeds;
  std::vector<std::string> fetches;
  integer::Lowered lowered;
};

}  // namespace intact
