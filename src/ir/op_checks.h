#pragma once

#include "intact/ir/program.h"

namespace intact {

/// Every slot is one of the definition's, holds as many Vars as it may, all of the op's Block; in-
/// place pairs are the same Var. Throws: InvalidArgument.
void check_slots(const Op& op);
/// `attrs` have the definition's types; those left out get their defaults. Throws: InvalidArgument
/// (unknown name with Reject, other type, required one missing).
void complete_attrs(const Op& op, Attributes& attrs, UnknownAttributes unknown);

}  // namespace intact
