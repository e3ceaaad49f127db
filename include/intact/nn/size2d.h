#pragma once

#include "intact/ir/attribute.h"

namespace intact::nn {

/// Height and width; one number means both, so that `.stride = 2` and `.kernel = {3, 3}` read well.
struct Size2d {
  // NOLINTNEXTLINE(google-explicit-constructor): the implicit conversion is the purpose
  constexpr Size2d(int both) : height(both), width(both) {}
  constexpr Size2d(int height, int width) : height(height), width(width) {}

  Ints ints() const { return {height, width}; }

  int height;
  int width;
};

}  // namespace intact::nn
