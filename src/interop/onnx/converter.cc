#include "interop/onnx/converter.h"

#include "base/check.h"

namespace intact {

void register_onnx_converters(OnnxConverters& converters);

namespace {

template <class Function>
void add_each(std::map<std::string, Function>& functions,
              const std::vector<std::string>& types,
              Function function) {
  for (const std::string& type : types) {
    if (function == nullptr || !functions.emplace(type, function).second) {
      fail(ErrorCode::Internal, "OnnxConverters::add: '{}' has no function or two", type);
    }
  }
}

}  // namespace

void OnnxConverters::add(const OnnxConverter& converter) {
  add_each(writers_, converter.ours, converter.write);
  add_each(readers_, converter.theirs, converter.read);
}

decltype(OnnxConverter::write) OnnxConverters::writer(const std::string& type) const {
  const auto found = writers_.find(type);
  return found == writers_.end() ? nullptr : found->second;
}

decltype(OnnxConverter::read) OnnxConverters::reader(const std::string& type) const {
  const auto found = readers_.find(type);
  return found == readers_.end() ? nullptr : found->second;
}

std::vector<std::string> OnnxConverters::foreign_types() const {
  std::vector<std::string> types;
  for (const auto& [type, reader] : readers_) {
    types.push_back(type);
  }
  return types;
}

const OnnxConverters& onnx_converters() {
  static const OnnxConverters kConverters = [] {
    OnnxConverters converters;
    register_onnx_converters(converters);
    return converters;
  }();
  return kConverters;
}

}  // namespace intact
