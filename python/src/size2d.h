#pragma once

#include "casters.h"
#include "intact/nn/size2d.h"

namespace nanobind::detail {

/// One number for both, or (height, width).
template <>
struct type_caster<intact::nn::Size2d> {
  using Value = intact::nn::Size2d;
  static constexpr auto Name = const_name("int | tuple[int, int]");
  template <class T>
  using Cast = movable_cast_t<T>;
  template <class T>
  static constexpr bool can_cast() {
    return true;
  }

  bool from_python(handle source, uint8_t, cleanup_list*) {
    int both = 0;
    if (try_cast(source, both)) {
      value = both;
      return true;
    }
    std::pair<int, int> sizes;
    if (!try_cast(source, sizes)) {
      return false;
    }
    value = {sizes.first, sizes.second};
    return true;
  }
  static handle from_cpp(const Value& size, rv_policy, cleanup_list*) {
    if (size.height == size.width) {
      return int_(size.height).release();
    }
    return make_tuple(size.height, size.width).release();
  }

  explicit operator Value*() { return &value; }
  explicit operator Value&() { return value; }
  explicit operator Value&&() { return std::move(value); }
  Value value = 0;
};

}  // namespace nanobind::detail
