#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>

#include "base/atomic_file.h"
#include "base/check.h"
#include "base/mapped_file.h"
#include "intact/interop/paddle.h"
#include "intact/ir/rewriter.h"
#include "interop/inference_program.h"
#include "interop/paddle/params_file.h"
#include "interop/paddle/program_file.h"

namespace intact {
namespace {

constexpr const char* kModelSuffix = ".pdmodel";
constexpr const char* kParamsSuffix = ".pdiparams";

/// feed(X=feed, Out=<name>) in front, fetch(X=<name>, Out=fetch) behind, `col` counting from 0.
void add_feed_and_fetch(Program& program,
                        const std::vector<std::string>& feeds,
                        const std::vector<std::string>& fetches) {
  Block& block = program.block();
  Var& feed = block.add_var(
      "feed", DType::Float32, {}, {.is_persistable = true, .kind = VarKind::FeedList});
  Var& fetch = block.add_var(
      "fetch", DType::Float32, {}, {.is_persistable = true, .kind = VarKind::FetchList});
  Rewriter rewriter(block);
  for (size_t i = feeds.size(); i-- > 0;) {
    rewriter.prepend({.type = "feed",
                      .inputs = {{"X", {&feed}}},
                      .outputs = {{"Out", {&block.var(feeds[i])}}},
                      .attrs = {{"col", static_cast<int32_t>(i)}}});
  }
  for (size_t i = 0; i < fetches.size(); ++i) {
    block.append_op({.type = "fetch",
                     .inputs = {{"X", {&block.var(fetches[i])}}},
                     .outputs = {{"Out", {&fetch}}},
                     .attrs = {{"col", static_cast<int32_t>(i)}}});
  }
}

/// Takes the feed and fetch ops out; their Vars' names in the order of `col`.
std::vector<std::string> remove_ends(Program& program,
                                     const std::string& type,
                                     const std::string& where) {
  std::map<int32_t, std::string> names;
  Rewriter rewriter(program.block());
  for (Op* op : program.ops()) {
    if (op->type() != type) {
      continue;
    }
    Var& list = type == "feed" ? op->input("X") : op->output("Out");
    const Var& var = type == "feed" ? op->output("Out") : op->input("X");
    const int32_t column = op->attr<int32_t>("col");
    if (!names.emplace(column, var.name()).second) {
      fail(ErrorCode::Format, "{}: two {} ops have col {}; number them", where, type, column);
    }
    rewriter.erase(*op);
    if (list.kind() != VarKind::Tensor && list.producers().empty() && list.consumers().empty()) {
      rewriter.remove_var(list);
    }
  }
  std::vector<std::string> result;
  for (auto& [column, name] : names) {
    result.push_back(std::move(name));
  }
  return result;
}

InferenceModel build_model(const paddle::ProgramFile& file, TensorMap tensors) {
  InferenceModel model;
  model.program = paddle::build_program(file, tensors);
  model.feeds = remove_ends(model.program, "feed", file.where);
  model.fetches = remove_ends(model.program, "fetch", file.where);
  for (auto& [name, tensor] : tensors) {
    model.scope.set(name, std::move(tensor));
  }
  return model;
}

InferenceModel load_directory(const std::filesystem::path& directory) {
  const std::string model_path = (directory / "__model__").string();
  const std::string model_bytes = read_file(model_path);
  const paddle::ProgramFile file = paddle::decode_program(model_bytes, model_path);
  const std::vector<std::string> names = paddle::param_names(file);
  const std::filesystem::path combined = directory / "__params__";
  if (std::filesystem::exists(combined)) {
    return build_model(
        file,
        paddle::read_tensors(MappedFile(combined.string()).bytes(), names, combined.string()));
  }
  TensorMap tensors;
  for (const std::string& name : names) {
    // A name from the file must not lead out of the directory.
    if (name.find('/') != std::string::npos || name == "..") {
      fail(ErrorCode::Format, "{}: parameter '{}' cannot be the name of a file", model_path, name);
    }
    const std::string path = (directory / name).string();
    tensors.merge(paddle::read_tensors(MappedFile(path).bytes(), {name}, path));
  }
  return build_model(file, std::move(tensors));
}

}  // namespace

void save_inference_model(const std::string& prefix,
                          const std::vector<std::string>& feeds,
                          const std::vector<std::string>& fetches,
                          const Program& program,
                          const Scope& scope) {
  check(!prefix.empty(), "save_inference_model: the prefix is empty; give a path");
  Program saved = inference_program("save_inference_model", program, scope, feeds, fetches);
  for (const std::string& name : feeds) {
    VarOptions options = saved.var(name).options();
    options.is_data = true;
    saved.var(name).set_options(options);
  }
  add_feed_and_fetch(saved, feeds, fetches);
  const std::string params = write_params(param_names(saved), scope);
  const std::string model = write_program(saved);
  write_file(prefix + kParamsSuffix, params);
  write_file(prefix + kModelSuffix, model);
}

InferenceModel load_inference_model(const std::string& path) {
  if (std::filesystem::is_directory(path)) {
    return load_directory(path);
  }
  const std::string prefix =
      path.ends_with(kModelSuffix) ? path.substr(0, path.size() - std::strlen(kModelSuffix)) : path;
  const std::string model_path = prefix + kModelSuffix;
  const std::string params_path = prefix + kParamsSuffix;
  const std::string model_bytes = read_file(model_path);
  const paddle::ProgramFile file = paddle::decode_program(model_bytes, model_path);
  const std::vector<std::string> names = paddle::param_names(file);
  TensorMap tensors;
  if (!names.empty() || std::filesystem::exists(params_path)) {
    tensors = paddle::read_tensors(MappedFile(params_path).bytes(), names, params_path);
  }
  return build_model(file, std::move(tensors));
}

}  // namespace intact
