#include "base/mapped_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/atomic_file.h"
#include "base/check.h"

namespace intact {

MappedFile::MappedFile(const std::string& path) {
  const int file = open_file(path, size_);
  if (size_ > 0) {
    address_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  }
  const int error = errno;
  ::close(file);
  if (address_ == MAP_FAILED) {
    address_ = nullptr;
    fail(ErrorCode::Io, "{}: cannot map: {}; check the file", path, std::strerror(error));
  }
}

MappedFile::~MappedFile() {
  if (address_ != nullptr) {
    ::munmap(address_, size_);
  }
}

}  // namespace intact
