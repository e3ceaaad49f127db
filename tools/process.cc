#include "process.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/check.h"

namespace intact::tools {
namespace {

/// Everything a pipe gives until its other end closes.
std::string read_all(int file) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t count = ::read(file, buffer, sizeof(buffer));
    if (count > 0) {
      text.append(buffer, static_cast<size_t>(count));
    } else if (count == 0 || errno != EINTR) {
      return text;
    }
  }
}

int wait_for(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

std::string run_process(const std::vector<std::string>& arguments) {
  int ends[2];
  if (::pipe(ends) != 0) {
    fail(ErrorCode::Io, "{}: no pipe: {}", arguments[0], std::strerror(errno));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  std::vector<std::string> copies = arguments;
  std::vector<char*> pointers;
  for (std::string& argument : copies) {
    pointers.push_back(argument.data());
  }
  pointers.push_back(nullptr);
  pid_t process = 0;
  const int problem =
      ::posix_spawnp(&process, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  const std::string text = problem == 0 ? read_all(ends[0]) : "";
  ::close(ends[0]);
  if (problem != 0) {
    fail(ErrorCode::Io, "{}: cannot be started: {}", arguments[0], std::strerror(problem));
  }
  if (const int code = wait_for(process); code != 0) {
    fail(ErrorCode::Io,
         "{}: ended with code {}; its own message is above",
         fmt::join(arguments, " "),
         code);
  }
  return text;
}

std::string client_scripts() {
  namespace fs = std::filesystem;
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path();
  for (const char* place : {"../share/intact/clients", "../../../scripts/clients"}) {
    if (fs::exists(folder / place / "client.py")) {
      return fs::weakly_canonical(folder / place).string();
    }
  }
  fail(ErrorCode::NotFound,
       "{}: neither ../share/intact/clients nor ../../../scripts/clients is there; install Intact "
       "again",
       folder.string());
}

}  // namespace intact::tools
