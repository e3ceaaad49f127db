// read_onnx on any bytes: a model or an Error; what can be written reads back, and a second way
// through the file changes nothing.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "intact/interop/onnx.h"
#include "intact/ir/text.h"

namespace {

std::optional<intact::InferenceModel> read(std::string_view bytes) {
  try {
    return intact::read_onnx(bytes, "fuzz.onnx");
  } catch (const intact::Error&) {
    return std::nullopt;
  }
}

std::optional<std::string> write(const intact::InferenceModel& model) {
  try {
    return intact::write_onnx(model.feeds, model.fetches, model.program, model.scope);
  } catch (const intact::Error&) {
    return std::nullopt;  // opsets and ops that are read but not written, feeds nothing uses
  }
}

[[noreturn]] void report(const char* what, const std::string& first, const std::string& second) {
  std::fprintf(stderr, "%s\nread:\n%s\nread again:\n%s\n", what, first.c_str(), second.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = read({reinterpret_cast<const char*>(data), size});
  const auto written = model ? write(*model) : std::nullopt;
  if (!written) {
    return 0;
  }
  const auto again = read(*written);
  if (!again) {
    report("what was written cannot be read", intact::to_text(model->program), "nothing");
  }
  const auto written_again = write(*again);
  const auto third = written_again ? read(*written_again) : std::nullopt;
  const std::string second_text = intact::to_text(again->program);
  const std::string third_text = third ? intact::to_text(third->program) : "nothing";
  if (second_text != third_text) {
    report("a second way through the file changes the program", second_text, third_text);
  }
  return 0;
}
