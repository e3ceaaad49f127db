#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace intact {

/// Dimensions in C order; -1 is "unknown until run" (the batch). Rank 0 is a scalar with one
/// element.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int64_t> dims) : dims_(dims) {}
  explicit Shape(std::vector<int64_t> dims) : dims_(std::move(dims)) {}

  int rank() const { return static_cast<int>(dims_.size()); }
  /// axis may be negative: -1 is the last. Throws: InvalidArgument when out of range.
  int64_t operator[](int axis) const;
  int64_t& operator[](int axis);
  const std::vector<int64_t>& dims() const { return dims_; }
  bool is_known() const;
  /// Product of the dimensions, -1 when one is unknown. Throws: InvalidArgument when it exceeds
  /// 2^62.
  int64_t numel() const;
  /// Product of dims [begin, end); -1 when one is unknown.
  int64_t numel(int begin, int end) const;
  std::string to_string() const;  // "[64,1,28,28]"

  bool operator==(const Shape& other) const = default;

 private:
  std::vector<int64_t> dims_;
};

/// True when equal where both are known.
bool compatible(const Shape& a, const Shape& b);

}  // namespace intact
