#include "intact/train/run_directory.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/atomic_file.h"
#include "base/check.h"
#include "base/sha256.h"
#include "intact/interop/paddle.h"
#include "intact/ir/text.h"
#include "train/run_json.h"

namespace intact {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kManifest = "run.json";
constexpr const char* kProgramSuffix = ".program.txt";
constexpr const char* kTensorSuffix = ".pdiparams";
constexpr size_t kHashDigits = 12;  // of a file name; the whole hash is in run.json

std::string file_name(const std::string& stem, const std::string& hash, const char* suffix) {
  return stem + "-" + hash.substr(0, kHashDigits) + suffix;
}

/// A Program that only declares persistables: what the parameter reader goes by.
Program declare(const std::vector<std::string>& names) {
  Program program;
  for (const std::string& name : names) {
    program.block().add_var(name, DType::Float32, Shape{}, {.is_persistable = true});
  }
  return program;
}

std::vector<std::string> saved_tensors(const std::map<std::string, const Program*>& programs,
                                       const Scope& scope) {
  std::set<std::string> names;
  for (const auto& [role, program] : programs) {
    for (const Var* var : program->block().vars()) {
      if (var->is_persistable() && var->kind() == VarKind::Tensor && scope.contains(var->name())) {
        names.insert(var->name());
      }
    }
  }
  return param_names(declare({names.begin(), names.end()}));
}

/// Removes files of earlier saves. They are not part of the Run any more, so a failure is harmless.
void remove_unlisted(const std::string& directory, const std::set<std::string>& listed) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, ignored)) {
    const std::string name = entry.path().filename().string();
    const bool is_ours = name.ends_with(kProgramSuffix) || name.ends_with(kTensorSuffix);
    if (is_ours && !listed.contains(name)) {
      fs::remove(entry.path(), ignored);
    }
  }
}

void create_directory(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    fail(ErrorCode::Io,
         "{}: cannot create the directory: {}; check the path",
         path,
         error.message());
  }
}

json parse_manifest(const std::string& path) {
  const std::string bytes = read_file(path);
  try {
    return json::parse(bytes);
  } catch (const json::parse_error& error) {
    fail(ErrorCode::Format,
         "{}: is not JSON at byte {}; the file is damaged, use a copy",
         path,
         error.byte);
  }
}

/// One file that run.json lists, checked against its size and hash.
std::string read_listed(const std::string& directory, const json& entry) {
  const auto name = entry.at("name").get<std::string>();
  check(name.find('/') == std::string::npos,
        "{}: lists '{}'; a file name is needed",
        directory,
        name);
  const std::string path = directory + "/" + name;
  std::string bytes = read_file(path);
  const auto size = entry.at("size").get<uint64_t>();
  if (bytes.size() != size || sha256(bytes) != entry.at("sha256").get<std::string>()) {
    fail(ErrorCode::Format,
         "{}: has {} bytes but run.json lists {} with another content; the file is damaged, use a "
         "copy",
         path,
         bytes.size(),
         size);
  }
  return bytes;
}

class Writer {
 public:
  explicit Writer(std::string directory) : directory_(std::move(directory)) {}
  ~Writer() {
    if (!is_finished_) {  // an earlier Run there stays complete
      std::error_code ignored;
      for (const std::string& path : created_) {
        fs::remove(path, ignored);
      }
    }
  }

  json add(const std::string& stem, const char* suffix, const std::string& bytes) {
    const std::string hash = sha256(bytes);
    const std::string name = file_name(stem, hash, suffix);
    const std::string path = directory_ + "/" + name;
    if (!fs::exists(path)) {
      created_.push_back(path);
    }
    write_file(path, bytes);
    listed_.insert(name);
    return {{"name", name}, {"size", bytes.size()}, {"sha256", hash}};
  }

  void finish(const json& manifest) {
    write_file(directory_ + "/" + kManifest, manifest.dump(2) + "\n");
    is_finished_ = true;
    remove_unlisted(directory_, listed_);
  }

 private:
  std::string directory_;
  std::vector<std::string> created_;
  std::set<std::string> listed_;
  bool is_finished_ = false;
};

}  // namespace

bool RunDirectory::exists() const {
  return fs::is_regular_file(path_ + "/" + kManifest);
}

void RunDirectory::save(const RunInfo& info,
                        const std::map<std::string, const Program*>& programs,
                        const Scope& scope) const {
  create_directory(path_);
  Writer writer(path_);
  json manifest = {{"format", 1}, {"info", to_json(info)}, {"programs", json::object()}};
  for (const auto& [role, program] : programs) {
    manifest["programs"][role] = writer.add(role, kProgramSuffix, to_text(*program));
  }
  const std::vector<std::string> names = saved_tensors(programs, scope);
  manifest["tensors"] = writer.add("tensors", kTensorSuffix, write_params(names, scope));
  manifest["tensors"]["names"] = names;
  writer.finish(manifest);
}

SavedRun RunDirectory::load() const {
  const std::string path = path_ + "/" + kManifest;
  if (!exists()) {
    fail(ErrorCode::NotFound,
         "{}: holds no run, there is no {}; give a directory that a training saved",
         path_,
         kManifest);
  }
  const json manifest = parse_manifest(path);
  try {
    const int format = manifest.at("format").get<int>();
    if (format != 1) {
      fail(ErrorCode::Format, "{}: has format {} but this build reads 1; update it", path, format);
    }
    SavedRun run;
    run.info = run_info_from_json(manifest.at("info"));
    for (const auto& [role, entry] : manifest.at("programs").items()) {
      run.programs.emplace(role, parse_program(read_listed(path_, entry)));
    }
    const json& tensors = manifest.at("tensors");
    const auto names = tensors.at("names").get<std::vector<std::string>>();
    read_params(read_listed(path_, tensors),
                declare(names),
                run.scope,
                path_ + "/" + tensors.at("name").get<std::string>());
    return run;
  } catch (const json::exception& error) {
    fail(ErrorCode::Format, "{}: {}; the file is damaged, use a copy", path, error.what());
  }
}

}  // namespace intact
