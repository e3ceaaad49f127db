#include "base/default_thread_count.h"

#include <gtest/gtest.h>

namespace intact {
namespace {

TEST(DefaultThreadCount, IsTheSettingOrElseTheCores) {
  EXPECT_EQ(default_thread_count("3", 8), 3);
  EXPECT_EQ(default_thread_count("3,2", 8), 3);  // of nested loops the outer one
  for (const char* setting : {"", "0", "-1", "many", "1025", "99999999999"}) {
    EXPECT_EQ(default_thread_count(setting, 8), 8) << setting;
  }
  EXPECT_EQ(default_thread_count(nullptr, 8), 8);
  EXPECT_EQ(default_thread_count(nullptr, 0), 1);  // unknown
}

}  // namespace
}  // namespace intact
