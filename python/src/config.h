#pragma once

#include "casters.h"
#include "intact/quant/quant_config.h"

namespace intact::python {

/// A QuantConfig, a mapping of its keys, or None for the defaults.
struct ConfigArgument {
  QuantConfig value;
};

QuantConfig to_config(nb::handle values);

}  // namespace intact::python

namespace nanobind::detail {

template <>
struct type_caster<intact::python::ConfigArgument> {
  NB_TYPE_CASTER(
      intact::python::ConfigArgument,
      const_name("intact._intact.QuantConfig | collections.abc.Mapping[str, object] | None"))

  bool from_python(handle source, uint8_t, cleanup_list*) {
    value.value = intact::python::to_config(source);
    return true;
  }
};

}  // namespace nanobind::detail
