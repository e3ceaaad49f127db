#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace intact {

/// The bytes of a file without a copy of them. The file must not be cut shorter meanwhile; a file
/// renamed over it does not matter.
class MappedFile {
 public:
  /// Throws: NotFound, Io.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return {static_cast<const char*>(address_), size_}; }

 private:
  void* address_ = nullptr;
  size_t size_ = 0;
};

}  // namespace intact
