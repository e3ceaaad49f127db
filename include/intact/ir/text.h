#pragma once

#include <string>
#include <string_view>

#include "intact/ir/program.h"

namespace intact {

struct PrintOptions {
  bool with_defaults = true;     // attributes that have their default value
  bool with_temporaries = true;  // declarations that parse_program can infer
};

/// One line per Var and per op:
///   random_seed 7
///   var %x: float32[-1,3,32,32] data
///   var %w: float32[8,3,3,3] persistable parameter
///   var %y: float32[-1,8,30,30]
///   Output=%y = conv2d(Input=%x, Filter=%w) {groups=1, strides=[1,1]}
///   block 1 parent 0
/// Attribute values: true, 5 (int32), 5L (int64), 0.5 (float32), 0.5d (float64), "text", lists of
/// one of them ([1,2]; empty ones with their type: ints[]), block(1). '?' before an attribute's
/// name: the op's definition does not know it. Names with other characters than letters, digits and
/// _ . @ / - are quoted: %"a b".
std::string to_text(const Program& program, const PrintOptions& options = {});
/// The op's line, without a newline.
std::string to_text(const Op& op, const PrintOptions& options = {});

/// Reads what to_text writes; to_text of the result is the same text. A person may also leave out:
/// attributes at their default; declarations of Vars that an op writes; a Var's type; the type of
/// an empty list and the suffix of a number where the op's definition fixes them. '#' starts a
/// comment; a line goes on inside brackets. Throws: Format, with the line and what was expected; an
/// op's own error keeps its code and gets the line.
Program parse_program(std::string_view text);

}  // namespace intact
