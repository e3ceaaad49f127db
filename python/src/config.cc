#include "config.h"

namespace intact::python {
namespace {

ConfigMap to_map(nb::handle values) {
  ConfigMap map;
  for (nb::handle item : values.attr("items")()) {
    const auto key = nb::cast<std::string>(item[0]);
    if (item[1].is_none()) {
      map[key] = std::string("None");
    } else if (!nb::try_cast(item[1], map[key], false)) {
      throw Error(ErrorCode::InvalidArgument,
                  "quant config: '" + key + "' cannot be " +
                      nb::cast<std::string>(nb::repr(item[1])) +
                      "; give a bool, int, float, str or a list of str");
    }
  }
  return map;
}

}  // namespace

QuantConfig to_config(nb::handle values) {
  if (values.is_none()) {
    return {};
  }
  if (nb::isinstance<QuantConfig>(values)) {
    return nb::cast<QuantConfig>(values);
  }
  if (!nb::isinstance(values, nb::module_::import_("collections.abc").attr("Mapping"))) {
    throw nb::type_error("config: give a QuantConfig, a dict or None");
  }
  return parse_quant_config(to_map(values));
}

}  // namespace intact::python
