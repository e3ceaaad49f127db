#include "support/check_pass.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "intact/ir/verify.h"
#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

/// The text with the Vars of each block sorted.
std::string canonical(const Program& program) {
  std::istringstream lines(to_text(program));
  std::vector<std::string> result;
  auto vars_begin = result.size();
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("block ") || line.starts_with("random_seed ")) {
      result.push_back(line);
      vars_begin = result.size();
    } else {
      result.push_back(line);
      if (line.starts_with("var ")) {
        std::sort(result.begin() + static_cast<std::ptrdiff_t>(vars_begin), result.end());
      }
    }
  }
  std::string text;
  for (const std::string& line : result) {
    text += line + "\n";
  }
  return text;
}

/// Batch 2 where a dimension is unknown.
TensorMap random_feeds(const Program& program) {
  TensorMap feeds;
  uint64_t seed = 100;
  for (const Var* var : program.block().vars()) {
    if (var->is_data()) {
      std::vector<int64_t> dims = var->shape().dims();
      std::replace(dims.begin(), dims.end(), int64_t{-1}, int64_t{2});
      feeds[var->name()] = random_tensor(Shape(dims), seed++);
    }
  }
  return feeds;
}

}  // namespace

PassReport check_pass(const std::string& before,
                      const PassUnderTest& pass,
                      const std::string& after) {
  Program program = parse_program(before);
  const PassReport report = pass(program);
  const std::string expected = canonical(parse_program(after));
  EXPECT_EQ(canonical(program), expected);
  EXPECT_NO_THROW(verify(program));
  EXPECT_EQ(pass(program).changed, 0) << "the second run";
  EXPECT_EQ(canonical(program), expected) << "the second run";
  return report;
}

void check_skips(const std::string& text,
                 const PassUnderTest& pass,
                 const std::string& op,
                 const std::string& reason) {
  const PassReport report = check_pass(text, pass, text);
  EXPECT_EQ(report.changed, 0);
  EXPECT_EQ(report.reason(op), reason);
}

Scope make_scope(const std::string& text) {
  const Program program = parse_program(text);
  Scope scope;
  uint64_t seed = 1;
  for (const Var* var : program.block().vars()) {
    if (var->is_persistable() && var->kind() == VarKind::Tensor) {
      scope.set(var->name(), random_tensor(var->shape(), seed++, 0.5f, 1.5f).cast(var->dtype()));
    }
  }
  return scope;
}

void check_same_numbers(const std::string& before,
                        const PassUnderTest& pass,
                        const std::vector<std::string>& fetches,
                        Scope& scope,
                        double tolerance) {
  Program program = parse_program(before);
  const TensorMap feeds = random_feeds(program);
  Scope untouched = scope.clone();
  const std::vector<Tensor> want = interpret(program, feeds, fetches, untouched);
  EXPECT_GT(pass(program).changed, 0);
  const std::vector<Tensor> got = interpret(program, feeds, fetches, scope);
  for (size_t i = 0; i < fetches.size(); ++i) {
    expect_close(got[i], want[i], tolerance, fetches[i]);
  }
}

}  // namespace intact
