#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "intact/base/error.h"

namespace intact {

/// Throws Error(code, formatted message). fmt is used below the public headers only, through this
/// file.
template <class... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

/// Throws InvalidArgument when `ok` is false: for users' mistakes, at the edge (API, parser,
/// inference).
template <class... Args>
void check(bool ok, fmt::format_string<Args...> format, Args&&... args) {
  if (!ok) {
    throw Error(ErrorCode::InvalidArgument, fmt::format(format, std::forward<Args>(args)...));
  }
}

}  // namespace intact
