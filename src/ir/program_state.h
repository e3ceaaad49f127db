#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "intact/ir/program.h"

namespace intact {

/// Behind a Program, so that Blocks can point at it while the Program moves.
struct ProgramState {
  std::vector<std::unique_ptr<Block>> blocks;
  std::map<std::string, int> name_counters;
  uint64_t id = 0;
  uint64_t version = 0;
  uint64_t random_seed = 0;
};

}  // namespace intact
