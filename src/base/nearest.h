#pragma once

#include <string>
#include <vector>

namespace intact {

/// The candidate with the smallest edit distance to `name`; empty when there is none within half
/// its length.
std::string nearest(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace intact
