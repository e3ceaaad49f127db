#pragma once

#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <vector>

#include "bind.h"
#include "intact/tensor/tensor.h"

// How tensors, shapes and dtypes cross: numpy arrays, tuples of int and dtype names.

namespace intact::python {

/// An array that C++ reads in place, and the Tensor that views it.
struct BorrowedTensor {
  nb::object array;  // keeps the memory alive
  Tensor tensor;
};

/// A C-order array is viewed, anything else that numpy understands becomes one first.
/// Throws: Unsupported for a dtype without counterpart.
BorrowedTensor borrow(nb::handle value);
/// A numpy array that shares the Tensor's memory and keeps it alive.
nb::object to_numpy(const Tensor& tensor);
/// "float32", numpy.float32, numpy.dtype: Throws: Unsupported.
DType to_dtype(nb::handle value);

/// Tensors by name whose memory is numpy's. Destroy it with the GIL held.
struct Feeds {
  std::vector<nb::object> arrays;
  TensorMap tensors;
};

}  // namespace intact::python

namespace nanobind::detail {

/// To C++ a copy, to Python a view that shares the memory.
template <>
struct type_caster<intact::Tensor> {
  NB_TYPE_CASTER(intact::Tensor,
                 io_name("numpy.typing.ArrayLike", "numpy.typing.NDArray[typing.Any]"))

  bool from_python(handle source, uint8_t, cleanup_list*) {
    value = intact::python::borrow(source).tensor.clone();
    return true;
  }
  static handle from_cpp(const intact::Tensor& tensor, rv_policy, cleanup_list*) {
    return intact::python::to_numpy(tensor).release();
  }
};

template <>
struct type_caster<intact::DType> {
  NB_TYPE_CASTER(intact::DType, io_name("numpy.typing.DTypeLike", "str"))

  bool from_python(handle source, uint8_t, cleanup_list*) {
    value = intact::python::to_dtype(source);
    return true;
  }
  static handle from_cpp(intact::DType dtype, rv_policy, cleanup_list*) {
    return str(intact::to_string(dtype)).release();
  }
};

/// None is an unknown dimension.
template <>
struct type_caster<intact::Shape> {
  NB_TYPE_CASTER(intact::Shape, io_name("collections.abc.Sequence[int | None]", "tuple[int, ...]"))

  bool from_python(handle source, uint8_t, cleanup_list*) {
    std::vector<std::optional<int64_t>> items;
    if (!try_cast(source, items)) {
      return false;
    }
    std::vector<int64_t> dims;
    for (const std::optional<int64_t>& item : items) {
      dims.push_back(item.value_or(-1));
    }
    value = intact::Shape(std::move(dims));
    return true;
  }
  static handle from_cpp(const intact::Shape& shape, rv_policy, cleanup_list*) {
    list dims;
    for (const int64_t dim : shape.dims()) {
      dims.append(dim);
    }
    return nanobind::tuple(dims).release();
  }
};

template <>
struct type_caster<intact::python::Feeds> {
  NB_TYPE_CASTER(intact::python::Feeds,
                 const_name("collections.abc.Mapping[str, numpy.typing.ArrayLike]"))

  bool from_python(handle source, uint8_t, cleanup_list*) {
    if (!isinstance(source, module_::import_("collections.abc").attr("Mapping"))) {
      return false;
    }
    for (handle item : source.attr("items")()) {
      intact::python::BorrowedTensor borrowed = intact::python::borrow(item[1]);
      value.arrays.push_back(std::move(borrowed.array));
      value.tensors[cast<std::string>(item[0])] = std::move(borrowed.tensor);
    }
    return true;
  }
};

}  // namespace nanobind::detail
