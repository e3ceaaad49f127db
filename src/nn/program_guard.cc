#include "intact/nn/program_guard.h"

#include <utility>
#include <vector>

namespace intact {
namespace {

using Programs = std::pair<Program*, Program*>;

std::vector<Programs>& guarded() {
  thread_local std::vector<Programs> stack;
  return stack;
}

}  // namespace

ProgramGuard::ProgramGuard(Program& main, Program& startup) {
  guarded().emplace_back(&main, &startup);
}

ProgramGuard::~ProgramGuard() {
  guarded().pop_back();
}

Program& default_main_program() {
  thread_local Program own;
  return guarded().empty() ? own : *guarded().back().first;
}

Program& default_startup_program() {
  thread_local Program own;
  return guarded().empty() ? own : *guarded().back().second;
}

}  // namespace intact
