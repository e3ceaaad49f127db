#pragma once

#include <atomic>

namespace intact::tools {

/// Set by the first Ctrl-C (SIGINT) or SIGTERM after watch_interrupts(); a second one ends the
/// process at once.
const std::atomic<bool>& watch_interrupts();

}  // namespace intact::tools
