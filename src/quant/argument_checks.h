#pragma once

#include <string>
#include <vector>

#include "intact/runtime/place.h"

namespace intact {

/// Throws: Unsupported for a CudaPlace.
void check_place(const char* where, const Place& place);
/// Throws: InvalidArgument for a name that is not one of `known`.
void check_disabled(const char* where,
                    const std::vector<std::string>& disabled,
                    const std::vector<std::string>& known);

}  // namespace intact
