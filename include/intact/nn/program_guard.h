#pragma once

#include "intact/ir/program.h"

namespace intact {

/// Makes two Programs current while it lives: layers append forward ops to `main` and initializer
/// ops to `startup`. Guards nest; each thread has its own stack. The Programs must outlive it.
class ProgramGuard {
 public:
  ProgramGuard(Program& main, Program& startup);
  ~ProgramGuard();
  ProgramGuard(const ProgramGuard&) = delete;
  ProgramGuard& operator=(const ProgramGuard&) = delete;
};

/// The Program of the innermost guard of this thread; without a guard, one that this thread owns.
Program& default_main_program();
Program& default_startup_program();

}  // namespace intact
