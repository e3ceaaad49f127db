// INTACT_MAX_CPU_ISA: a better CPU runs the kernels of a lesser one.
#include "backend/cpu/instruction_set.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cstdio>
#include <cstdlib>

#include "intact/base/error.h"

namespace intact::cpu {
namespace {

/// In a child process: the setting is read once.
int chosen_under(const char* setting, int64_t best_allowed) {
  setenv("INTACT_MAX_CPU_ISA", setting, 1);
  limit_instruction_set();
  const int64_t targets = hwy::SupportedTargets();
  hwy::GetChosenTarget().Update(targets);
  const size_t chosen = hwy::GetChosenTarget().GetIndex();
  const bool has_name = !instruction_set().empty();  // asking must not choose again
  return (targets & -targets) >= best_allowed && has_name &&
                 hwy::GetChosenTarget().GetIndex() == chosen
             ? 0
             : 1;
}

TEST(InstructionSetDeathTest, the_environment_limits_it) {
  EXPECT_EXIT(std::exit(chosen_under("avx2", HWY_AVX2)), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(std::exit(chosen_under("avx512", HWY_AVX3)), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(std::exit(chosen_under("", 1)), testing::ExitedWithCode(0), "");
}

TEST(InstructionSetDeathTest, another_value_is_an_error) {
  const auto message = [] {
    setenv("INTACT_MAX_CPU_ISA", "sse9", 1);
    try {
      limit_instruction_set();
    } catch (const Error& error) {
      std::fputs(error.what(), stderr);
      return 3;
    }
    return 0;
  };
  EXPECT_EXIT(std::exit(message()), testing::ExitedWithCode(3), "is 'sse9'; use avx2 or avx512");
}

}  // namespace
}  // namespace intact::cpu
