#pragma once

#include <cstdlib>
#include <string>
#include <type_traits>

#include "base/check.h"

namespace intact {

/// What the attribute `str_value` says, or `value` when it is empty. `where` starts the message.
template <class T>
T parse_value(const std::string& text, float value, const std::string& where) {
  if (text.empty()) {
    return static_cast<T>(value);
  }
  char* end = nullptr;
  T parsed{};
  if constexpr (std::is_integral_v<T>) {
    // "1.0" is legal for an integer too.
    const bool is_whole = text.find_first_of(".eEnN") == std::string::npos;
    parsed = is_whole ? static_cast<T>(std::strtoll(text.c_str(), &end, 10))
                      : static_cast<T>(std::strtod(text.c_str(), &end));
  } else {
    parsed = static_cast<T>(std::strtod(text.c_str(), &end));
  }
  check(end == text.c_str() + text.size(),
        "{}: str_value '{}' is not a number; give a number or leave it empty",
        where,
        text);
  return parsed;
}

}  // namespace intact
