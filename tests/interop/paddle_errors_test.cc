// Damaged and unusual Paddle files: one clear Error each.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "intact/interop/paddle.h"
#include "interop/paddle/wire.h"
#include "support/data_path.h"
#include "support/expect_error.h"

namespace intact {
namespace {

/// Serialized protobuf fields, to build files no writer would.
std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) {
    bytes.push_back(static_cast<char>(value | 0x80));
  }
  bytes.push_back(static_cast<char>(value));
  return bytes;
}
std::string number(int field, int64_t value) {
  return varint(static_cast<uint64_t>(field) << 3) + varint(static_cast<uint64_t>(value));
}
std::string bytes(int field, const std::string& payload) {
  return varint(static_cast<uint64_t>(field) << 3 | 2) + varint(payload.size()) + payload;
}

std::string tensor_desc(int64_t dtype, const std::vector<int64_t>& dims) {
  std::string desc = number(1, dtype);
  for (const int64_t dim : dims) {
    desc += number(2, dim);
  }
  return desc;
}
constexpr int64_t kFp32 = 5;
std::string var(const std::string& name, const std::vector<int64_t>& dims, int64_t dtype = kFp32) {
  const std::string lod = bytes(1, tensor_desc(dtype, dims));
  return bytes(3, bytes(1, name) + bytes(2, number(1, 7) + bytes(3, lod)));
}
std::string slot(int field, const std::string& name, const std::string& argument) {
  return bytes(field, bytes(1, name) + bytes(2, argument));
}
std::string relu(const std::string& x, const std::string& out, const std::string& attrs = "") {
  return bytes(4, slot(1, "X", x) + slot(2, "Out", out) + bytes(3, "relu") + attrs);
}
std::string block(const std::string& content, int64_t index = 0, int64_t parent = -1) {
  return bytes(1, number(1, index) + number(2, parent) + content);
}

Program read(const std::string& file) {
  return read_program(file, "m.pdmodel");
}

TEST(PaddleProgram, ASmallOneIsRead) {
  const Program program = read(block(var("x", {-1, 3}) + var("y", {}) + relu("x", "y")));
  EXPECT_EQ(program.var("y").shape(), (Shape{-1, 3}));
  EXPECT_EQ(program.ops().size(), 1u);
}

TEST(PaddleProgram, UnknownAttributesAreKept) {
  const std::string attr = bytes(4, bytes(1, "made_up") + number(2, 0) + number(3, 7));
  const Program program = read(block(var("x", {2}) + var("y", {2}) + relu("x", "y", attr)));
  EXPECT_EQ(program.ops()[0]->attr<int32_t>("made_up"), 7);
  const Program again = read(write_program(program));
  EXPECT_EQ(again.ops()[0]->attr<int32_t>("made_up"), 7);
}

TEST(PaddleProgram, SourceLinesOfTheWriterAreDropped) {
  const std::string attr = bytes(4, bytes(1, "op_callstack") + number(2, 5) + bytes(8, "secret"));
  const Program program = read(block(var("x", {2}) + var("y", {2}) + relu("x", "y", attr)));
  EXPECT_FALSE(program.ops()[0]->has_attr("op_callstack"));
}

TEST(PaddleProgram, IntegerWidthFollowsTheDefinition) {
  // accuracy of a file whose fill_constant stores its shape as INTS and its dtype as LONG.
  const std::string attrs =
      bytes(4, bytes(1, "shape") + number(2, 3) + number(6, 2) + number(6, 3)) +
      bytes(4, bytes(1, "dtype") + number(2, 9) + number(13, 5));
  const std::string op = bytes(4, slot(2, "Out", "y") + bytes(3, "fill_constant") + attrs);
  const Program program = read(block(var("y", {2, 3}) + op));
  EXPECT_EQ(program.ops()[0]->attr<Longs>("shape"), (Longs{2, 3}));
  EXPECT_EQ(program.ops()[0]->attr<int32_t>("dtype"), 5);
}

TEST(PaddleProgram, DamageIsReportedWithItsByte) {
  const std::string good = block(var("x", {2}) + var("y", {2}) + relu("x", "y"));
  for (size_t size = 0; size < good.size(); ++size) {
    expect_error(ErrorCode::Format, {"m.pdmodel: "}, [&] { read(good.substr(0, size)); });
  }
  expect_error(
      ErrorCode::Format, {fmt::format("at byte {} of", good.size())}, [&] { read(good + '\x0a'); });
  expect_error(ErrorCode::Format, {"no block"}, [] { read(""); });
}

TEST(PaddleProgram, MalformedOffsetFindsNestedDamage) {
  std::string file = block(var("x", {2}) + var("y", {2}) + relu("x", "y"));
  const size_t attrs_begin = file.find("relu") - 2;
  const size_t length = attrs_begin + 1;
  file[length] = '\x7f';  // the type's length runs out of its op
  EXPECT_EQ(paddle::malformed_offset(file), attrs_begin);
  expect_error(ErrorCode::Format, {fmt::format("byte {} ", attrs_begin)}, [&] { read(file); });
}

TEST(PaddleProgram, ContradictionsAreNamed) {
  const std::string x = var("x", {2});
  const std::string y = var("y", {2});
  const auto expect = [](const std::string& file, const std::vector<std::string>& parts) {
    expect_error(ErrorCode::Format, parts, [&] { read(file); });
  };
  expect(block(x + x), {"variable 1", "byte", "'x' is declared twice"});
  expect(block(x + y + relu("x", "z")), {"op 0", "Out names 'z'"});
  expect(block(var("x", {-2})), {"impossible shape [-2]"});
  expect(block(var("x", {int64_t{1} << 40, int64_t{1} << 40})), {"impossible shape"});
  expect(block(x, 1), {"block 0", "calls itself 1"});
  expect(block(x, 0, 0), {"parent 0"});
  expect(block(x) + block(y, 1, 1), {"block 1", "parent 1"});
  expect(block(x) + block(y, 1, 2) + block(y, 2, 1), {"block 1", "parent 2"});
  const auto attribute = [](int64_t value) {
    return bytes(4, bytes(1, "a") + number(2, 0) + number(3, value));
  };
  expect(block(x + y + relu("x", "y", attribute(7) + attribute(8))), {"'a' twice"});
  EXPECT_NO_THROW(read(block(x + y + relu("x", "y", attribute(7) + attribute(7)))));
  expect(block(x + var("z", {3}) + relu("x", "y") + y + relu("z", "x")),
         {"'y' is written as [2] and as [3]"});
  const std::string back = bytes(4, bytes(1, "sub_block") + number(2, 8) + number(12, 0));
  expect(block(x + y + relu("x", "y", back)), {"refers to block 0"});
}

TEST(PaddleProgram, WhatThisBuildLacksIsNamed) {
  const std::string x = var("x", {2});
  const std::string y = var("y", {2});
  const auto expect = [](const std::string& file, const std::vector<std::string>& parts) {
    expect_error(ErrorCode::Unsupported, parts, [&] { read(file); });
  };
  const std::string op = bytes(4, slot(1, "X", "x") + bytes(3, "relv"));
  expect(block(x + op), {"m.pdmodel: op 0", "'relv'", "nearest is 'relu'"});
  expect(block(var("h", {2}, 22)), {"'h' has dtype BF16"});
  expect(block(bytes(3, bytes(1, "r") + bytes(2, number(1, 15)))), {"'r' is a READER"});
  const std::string scalar =
      bytes(4, bytes(1, "value") + number(2, 16) + bytes(20, number(1, 2) + number(3, 1)));
  expect(block(x + y + relu("x", "y", scalar)), {"relu", "'value'", "SCALAR"});
}

std::string record(int64_t dtype, const std::vector<int64_t>& dims, const std::string& data) {
  const std::string desc = tensor_desc(dtype, dims);
  std::string result(16, '\0');
  result += {static_cast<char>(desc.size()), '\0', '\0', '\0'};
  return result + desc + data;
}

Program two_params() {
  Program program;
  for (const char* name : {"b", "a"}) {
    program.block().add_var(name, DType::Float32, {1}, {.is_persistable = true});
  }
  return program;
}

TEST(PaddleParams, RecordsComeInByteOrderOfTheNames) {
  Scope scope;
  read_params(record(kFp32, {1}, std::string("\0\0\x80\x3f", 4)) + record(21, {2, 1}, "\x01\xff"),
              two_params(),
              scope,
              "p");
  EXPECT_TRUE(scope.get("a").identical(Tensor::from<float>({1}, {1})));
  EXPECT_TRUE(scope.get("b").identical(Tensor::from<int8_t>({2, 1}, {1, -1})));
}

TEST(PaddleParams, ScalarsAndEmptyTensorsComeBackIdentical) {
  Scope scope;
  scope.set("a", Tensor::scalar<double>(0.25));
  scope.set("b", Tensor(DType::Int64, {0, 3}));
  Scope again;
  read_params(write_params({"a", "b"}, scope), two_params(), again, "p");
  EXPECT_TRUE(again.get("a").identical(scope.get("a")));
  EXPECT_TRUE(again.get("b").identical(scope.get("b")));
}

TEST(PaddleParams, EveryTruncationIsAFormatErrorThatLeavesTheScopeAlone) {
  const std::string good = record(kFp32, {1}, "abcd") + record(kFp32, {1}, "efgh");
  for (size_t size = 0; size < good.size(); ++size) {
    Scope scope;
    expect_error(ErrorCode::Format, {"p.pdiparams: tensor '", "byte "}, [&] {
      read_params(good.substr(0, size), two_params(), scope, "p.pdiparams");
    });
    EXPECT_TRUE(scope.names().empty());
  }
}

TEST(PaddleParams, AbsurdRecordsAreRefused) {
  const auto expect = [](ErrorCode code, const std::string& file, const std::string& part) {
    Scope scope;
    expect_error(code, {part, "'a'"}, [&] { read_params(file, two_params(), scope, "p"); });
  };
  constexpr int64_t kHuge = int64_t{1} << 62;
  expect(ErrorCode::Format, record(kFp32, {kHuge}, "abcd"), "need more bytes");
  expect(ErrorCode::Format, record(kFp32, {kHuge, kHuge, kHuge}, "abcd"), "need more bytes");
  expect(ErrorCode::Format, record(kFp32, {0, kHuge, kHuge}, ""), "need more bytes");
  expect(ErrorCode::Format, record(kFp32, {-1}, "abcd"), "negative");
  expect(ErrorCode::Format, record(0, {1}, "\x02"), "bool");
  expect(ErrorCode::Unsupported, record(22, {1}, "ab"), "BF16");
  std::string version = record(kFp32, {1}, "abcd");
  version[0] = 1;
  expect(ErrorCode::Format, version, "version is not 0");
  std::string lod = record(kFp32, {1}, "abcd");
  lod[4] = 1;
  expect(ErrorCode::Format, lod, "");
  std::string negative = record(kFp32, {1}, "abcd");
  negative[19] = '\xff';
  expect(ErrorCode::Format, negative, "negative size");
}

TEST(PaddleParams, LeftOverBytesMeanAnotherProgram) {
  Scope scope;
  const std::string file = record(kFp32, {1}, "abcd");
  expect_error(ErrorCode::Format, {"bytes follow", "2 tensors"}, [&] {
    read_params(file + file + file, two_params(), scope, "p");
  });
}

}  // namespace
}  // namespace intact
