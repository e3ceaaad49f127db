#pragma once

#include "intact/ir/program.h"

namespace intact {

/// No element of x can be below zero, whatever the input: follows from the ops that make it.
bool is_non_negative(const Var& x);

}  // namespace intact
