#pragma once

#include <nanobind/trampoline.h>

#include "casters.h"
#include "intact/data/dataset.h"

namespace intact::python {

/// A Dataset written in Python: __len__ and __getitem__.
class PythonDataset : public Dataset {
 public:
  NB_TRAMPOLINE(Dataset, 2);

  int64_t size() const override { NB_OVERRIDE_PURE_NAME("__len__", size); }
  Sample get(int64_t index, int64_t) const override {
    NB_OVERRIDE_PURE_NAME("__getitem__", get, index);
  }
};

}  // namespace intact::python

namespace nanobind::detail {

/// (image, label): the image as float32, the label as int64 with at least one axis.
template <>
struct type_caster<intact::Sample> {
  NB_TYPE_CASTER(
      intact::Sample,
      io_name("tuple[numpy.typing.ArrayLike, numpy.typing.ArrayLike]",
              "tuple[numpy.typing.NDArray[typing.Any], numpy.typing.NDArray[typing.Any]]"))

  bool from_python(handle source, uint8_t, cleanup_list*) {
    std::pair<object, object> parts;
    if (!try_cast(source, parts)) {
      return false;
    }
    const module_ numpy = module_::import_("numpy");
    const object image = numpy.attr("asarray")(parts.first, "float32");
    const object label = numpy.attr("atleast_1d")(numpy.attr("asarray")(parts.second, "int64"));
    value = {intact::python::borrow(image).tensor.clone(),
             intact::python::borrow(label).tensor.clone()};
    return true;
  }
  static handle from_cpp(const intact::Sample& sample, rv_policy, cleanup_list*) {
    return make_tuple(intact::python::to_numpy(sample.image),
                      intact::python::to_numpy(sample.label))
        .release();
  }
};

}  // namespace nanobind::detail
