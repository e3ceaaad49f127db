#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace intact {
namespace {

[[noreturn]] void fail_io(const std::string& path,
                          const char* action,
                          const std::string& temporary) {
  const int error = errno;
  if (!temporary.empty()) {
    ::unlink(temporary.c_str());
  }
  fail(ErrorCode::Io,
       "{}: cannot {}: {}; nothing was changed, check space and permissions",
       path,
       action,
       std::strerror(error));
}

}  // namespace

void write_file(const std::string& path, std::string_view bytes) {
  const std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) {
    fail_io(path, "create", "");
  }
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      const int error = errno;
      ::close(file);
      errno = error;
      fail_io(path, "write", temporary);
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  const bool is_flushed = ::fsync(file) == 0;
  const int error = errno;
  if (::close(file) != 0 || !is_flushed) {
    errno = is_flushed ? errno : error;
    fail_io(path, "flush", temporary);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    fail_io(path, "rename into place", temporary);
  }
}

int open_file(const std::string& path, size_t& size_bytes) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    const int error = errno;
    fail(error == ENOENT ? ErrorCode::NotFound : ErrorCode::Io,
         "{}: cannot open: {}; check the path",
         path,
         std::strerror(error));
  }
  struct stat status = {};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(file);
    fail(ErrorCode::Io, "{}: is not a regular file; give a file", path);
  }
  size_bytes = static_cast<size_t>(status.st_size);
  return file;
}

std::string read_file(const std::string& path) {
  size_t size_bytes = 0;
  const int file = open_file(path, size_bytes);
  std::string bytes(size_bytes, '\0');
  size_t offset = 0;
  while (offset < bytes.size()) {
    const ssize_t count = ::read(file, bytes.data() + offset, bytes.size() - offset);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      const int error = errno;
      ::close(file);
      fail(ErrorCode::Io, "{}: cannot read: {}; check the file", path, std::strerror(error));
    }
    if (count == 0) {
      bytes.resize(offset);  // shrank while being read
    }
    offset += static_cast<size_t>(count);
  }
  ::close(file);
  return bytes;
}

}  // namespace intact
