#pragma once

#include <stdexcept>
#include <string>

namespace intact {

enum class ErrorCode {
  InvalidArgument,  // the caller's value is wrong
  NotFound,         // a named thing does not exist
  Unsupported,      // valid, but this build cannot do it
  Format,           // a file or text does not follow its format
  Io,               // the operating system refused
  Internal,         // a bug of ours
};

const char* to_string(ErrorCode code);

/// The one exception type of the library.
/// Message: `<where>: <what is wrong, with both values>; <what to do>`, no trailing period.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace intact
