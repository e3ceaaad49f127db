#pragma once

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "intact/base/error.h"

namespace intact {

/// Expects `call` to throw Error with this code and a message that contains every part.
template <class Call>
void expect_error(ErrorCode code, const std::vector<std::string>& parts, const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    for (const std::string& part : parts) {
      EXPECT_THAT(std::string(error.what()), testing::HasSubstr(part));
    }
    return;
  }
  ADD_FAILURE() << "nothing was thrown";
}

}  // namespace intact
