#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace intact {

/// Writes `bytes` to `path` so that a reader sees the old file or the whole new one: a temporary
/// beside it is written, flushed to disk and renamed. On any error the temporary is removed.
/// Throws: Io, naming the path and the system's reason.
void write_file(const std::string& path, std::string_view bytes);

/// A file open for reading, which the caller closes, and its size. Throws: NotFound, Io (not a
/// regular file).
int open_file(const std::string& path, size_t& size_bytes);

/// Reads a whole regular file. Throws: NotFound, Io.
std::string read_file(const std::string& path);

}  // namespace intact
