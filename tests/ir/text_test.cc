#include "intact/ir/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

namespace intact {
namespace {

using ::testing::HasSubstr;

/// Prints, parses and prints again; both texts must be the same. Returns the first.
std::string round_trip(const Program& program) {
  const std::string text = to_text(program);
  EXPECT_EQ(to_text(parse_program(text)), text);
  return text;
}

/// A Program with one relu that carries `value` as the attribute "value".
Program with_attribute(Attribute value) {
  Program program = parse_program("var %x: float32[2] data\nOut=%y = relu(X=%x)");
  program.ops()[0]->set_attr("value", std::move(value));
  return program;
}

void expect_attribute(Attribute value, const std::string& printed) {
  const Program program = with_attribute(value);
  EXPECT_EQ(to_text(*program.ops()[0]), "Out=%y = relu(X=%x) {?value=" + printed + "}");
  const Program parsed = parse_program(round_trip(program));
  EXPECT_TRUE(parsed.ops()[0]->attrs().at("value") == value) << printed;
}

TEST(Text, PrintsOneLinePerVarAndOp) {
  Program program;
  Block& block = program.block();
  Var& x = block.add_var("x", DType::Float32, {-1, 3}, {.is_data = true, .stop_gradient = true});
  Var& w =
      block.add_var("fc.w_0", DType::Float32, {}, {.is_persistable = true, .is_parameter = true});
  Var& y = block.add_var("y", DType::Float32, {});
  block.append_op({.type = "scale",
                   .inputs = {{"X", {&x}}},
                   .outputs = {{"Out", {&y}}},
                   .attrs = {{"scale", 2.0f}, {"op_role", role::kForward}}});
  block.append_op({.type = "relu", .inputs = {{"X", {&y}}}, .outputs = {{"Out", {&w}}}});
  program.set_random_seed(7);
  EXPECT_EQ(round_trip(program),
            "random_seed 7\n"
            "var %x: float32[-1,3] data stop_gradient\n"
            "var %fc.w_0: float32[-1,3] persistable parameter\n"
            "var %y: float32[-1,3]\n"
            "Out=%y = scale(X=%x) {bias=0.0, bias_after_scale=true, op_role=0, scale=2.0}\n"
            "Out=%fc.w_0 = relu(X=%y)\n");
  EXPECT_EQ(to_text(program, {.with_defaults = false, .with_temporaries = false}),
            "random_seed 7\n"
            "var %x: float32[-1,3] data stop_gradient\n"
            "var %fc.w_0: float32[-1,3] persistable parameter\n"
            "Out=%y = scale(X=%x) {scale=2.0}\n"
            "Out=%fc.w_0 = relu(X=%y)\n");
}

TEST(Text, AShortTextIsEnough) {
  const Program program = parse_program(R"(
    # a comment
    var %x: float32[-1,4] data
    Out=%y = scale(X=%x) {scale=2}   # an int where the definition has a float
    Out=%z = sum(X=[%y,
                    %x])
  )");
  EXPECT_EQ(program.var("z").shape(), (Shape{-1, 4}));
  EXPECT_THAT(round_trip(program), HasSubstr("Out=%z = sum(X=[%y, %x])"));
  EXPECT_EQ(program.ops()[0]->attr<float>("scale"), 2.0f);
  EXPECT_EQ(program.ops()[0]->attr<float>("bias"), 0.0f);
}

TEST(Text, EveryAttributeTypeKeepsTypeAndValue) {
  expect_attribute(true, "true");
  expect_attribute(int32_t{-5}, "-5");
  expect_attribute(std::numeric_limits<int64_t>::min(), "-9223372036854775808L");
  expect_attribute(0.1f, "0.1");
  expect_attribute(1.0f, "1.0");
  expect_attribute(0.1, "0.1d");
  expect_attribute(std::string("a\"b\\c\n\x01 é"), "\"a\\\"b\\\\c\\n\\x01 é\"");
  expect_attribute(Bools{true, false}, "[true,false]");
  expect_attribute(Ints{1, -2}, "[1,-2]");
  expect_attribute(Longs{1, 2}, "[1L,2L]");
  expect_attribute(Floats{0.5f, 1e30f}, "[0.5,1e+30]");
  expect_attribute(Doubles{2, 1e-300}, "[2.0d,1e-300d]");
  expect_attribute(Strings{"", "a,b"}, R"(["","a,b"])");
  expect_attribute(BlockRef{3}, "block(3)");
  expect_attribute(Bools{}, "bools[]");
  expect_attribute(Ints{}, "ints[]");
  expect_attribute(Longs{}, "longs[]");
  expect_attribute(Floats{}, "floats[]");
  expect_attribute(Doubles{}, "doubles[]");
  expect_attribute(Strings{}, "strings[]");
}

TEST(Text, FloatsRoundTripBitForBit) {
  const float inf = std::numeric_limits<float>::infinity();
  for (float value : {-0.0f,
                      std::numeric_limits<float>::denorm_min(),
                      std::numeric_limits<float>::max(),
                      std::numeric_limits<float>::lowest(),
                      1.0f / 3,
                      16777217.0f,
                      0.9f,
                      inf,
                      -inf}) {
    const Program parsed = parse_program(to_text(with_attribute(value)));
    const float read = parsed.ops()[0]->attr<float>("value");
    EXPECT_EQ(std::memcmp(&read, &value, sizeof value), 0) << value;
  }
  for (double value : {1.0 / 3,
                       std::numeric_limits<double>::denorm_min(),
                       std::numeric_limits<double>::max(),
                       -std::numeric_limits<double>::infinity()}) {
    const Program parsed = parse_program(to_text(with_attribute(value)));
    EXPECT_EQ(parsed.ops()[0]->attr<double>("value"), value);
  }
  EXPECT_THAT(round_trip(with_attribute(std::numeric_limits<float>::quiet_NaN())),
              HasSubstr("value=nan}"));
  EXPECT_THAT(round_trip(with_attribute(std::numeric_limits<double>::quiet_NaN())),
              HasSubstr("value=nand}"));
}

TEST(Text, EveryVarPropertyRoundTrips) {
  Program program;
  Block& block = program.block();
  for (DType dtype : {DType::Bool,
                      DType::Int8,
                      DType::UInt8,
                      DType::Int16,
                      DType::Int32,
                      DType::Int64,
                      DType::Float16,
                      DType::Float32,
                      DType::Float64}) {
    block.add_var(to_string(dtype), dtype, {1, -1});
  }
  block.add_var("scalar", DType::Float32, {});
  block.add_var("empty", DType::Float32, {0});
  block.add_var("a b%\"", DType::Float32, {});
  block.add_var("0/start-with.digit", DType::Float32, {});
  block.add_var("@x@GRAD@RENAME@block0@1", DType::Float32, {});
  block.add_var("p", DType::Float32, {}, {.is_parameter = true});
  block.add_var("slow", DType::Float32, {}, {.learning_rate = 0.1f, .l2_decay = 0.0f});
  block.add_var("feeds", DType::Float32, {}, {.kind = VarKind::FeedList});
  block.add_var("fetches", DType::Float32, {}, {.kind = VarKind::FetchList});
  block.add_var("raw", DType::Float32, {}, {.kind = VarKind::Raw});
  const Program parsed = parse_program(round_trip(program));
  ASSERT_EQ(parsed.block().vars().size(), block.vars().size());
  for (size_t i = 0; i < block.vars().size(); ++i) {
    const Var& expected = *block.vars()[i];
    const Var& var = *parsed.block().vars()[i];
    EXPECT_EQ(var.name(), expected.name());
    EXPECT_EQ(var.dtype(), expected.dtype());
    EXPECT_EQ(var.shape(), expected.shape());
    EXPECT_EQ(var.kind(), expected.kind());
    EXPECT_EQ(var.is_parameter(), expected.is_parameter());
    EXPECT_EQ(var.options().learning_rate, expected.options().learning_rate);
    EXPECT_EQ(var.options().l2_decay, expected.options().l2_decay);
  }
}

TEST(Text, SeveralBlocksKeepTheirOwnVarsAndOps) {
  Program program = parse_program("var %x: float32[2] data\nOut=%y = relu(X=%x)");
  Block& inner = program.add_block(0);
  Var& x = inner.add_var("x", DType::Float64, {3});
  Var& z = inner.add_var("z", DType::Float32, {});
  inner.append_op({.type = "relu", .inputs = {{"X", {&x}}}, .outputs = {{"Out", {&z}}}});
  program.ops()[0]->set_attr("sub_block", BlockRef{1});
  const Program parsed = parse_program(round_trip(program));
  ASSERT_EQ(parsed.block_count(), 2);
  EXPECT_EQ(parsed.block(1).parent_index(), 0);
  EXPECT_EQ(parsed.block(1).var("z").dtype(), DType::Float64);
}

TEST(Text, ADeclaredShapeMayBeLooserThanTheInferredOne) {
  Program program = parse_program("var %x: float32[-1,4] data\nOut=%y = relu(X=%x)");
  program.var("x").set_shape({8, 4});
  EXPECT_THAT(round_trip(program), HasSubstr("var %y: float32[-1,4]"));
}

struct BadText {
  const char* text;
  ErrorCode code;
  const char* message;
};

TEST(Text, ErrorsNameTheLineAndWhatWasExpected) {
  const std::string x = "var %x: float32[2] data\n";
  for (const BadText& bad : {
           BadText{"Out=%y = relu(X=%z)", ErrorCode::NotFound, "line 2: program: no Var 'z'"},
           {"Out=%y = relu(X=%x", ErrorCode::Format, "line 2: expected ')' but found end of text"},
           {"Out=%y = relu X=%x)", ErrorCode::Format, "line 2: expected '(' but found 'X'"},
           {"Out=y = relu(X=%x)", ErrorCode::Format, "expected a Var (%name) but found 'y'"},
           {"Out=%y = relu(X=%x) {a", ErrorCode::Format, "expected an attribute of relu"},
           {"Out=%y = scale(X=%x) {bais=1}", ErrorCode::Format, "perhaps 'bias'"},
           {"Out=%y = scale(X=%x) {bias=true}", ErrorCode::Format, "a value of type float32"},
           {"Out=%y = scale(X=%x) {bias=1, bias=2}", ErrorCode::Format, "attribute 'bias' once"},
           {"Out=%y = relu(X=%x) {?a=[]}", ErrorCode::Format, "an empty list needs its type"},
           {"Out=%y = relu(X=%x) {?a=[1,true]}", ErrorCode::Format, "a list has one type"},
           {"Out=%y = relu(X=%x) {?a=99999999999}", ErrorCode::Format, "expected a value"},
           {"Out=%y = relu(X=%x) {?a=1.2.3}", ErrorCode::Format, "expected a value"},
           {"Out=%y = relu(X=%x) relu", ErrorCode::Format, "expected end of line"},
           {"Out=%y = rleu(X=%x)", ErrorCode::Unsupported, "line 2: op 'rleu'"},
           {"Out=%y = relu(Y=%x)", ErrorCode::InvalidArgument, "has no input slot 'Y'"},
           {"Out=%y, Out=%z = relu(X=%x)", ErrorCode::Format, "was given before"},
           {"var %x: float32[2]", ErrorCode::InvalidArgument, "line 2: program: Var 'x' exists"},
           {"var %w: float31[2]", ErrorCode::Format, "expected a dtype"},
           {"var %w: float32[2,-3]", ErrorCode::Format, "expected a dimension >= 0"},
           {"var %w: float32[99999999999999999999]", ErrorCode::Format, "expected a dimension"},
           {"var %w: float32[2] constant", ErrorCode::Format, "expected persistable"},
           {"var %y: float32[3]\nOut=%y = relu(X=%x)",
            ErrorCode::Format,
            "line 3: 'y' is declared float32[3] but its op gives float32[2]"},
           {"var %y: int8[2]\nOut=%y = relu(X=%x)", ErrorCode::Format, "declared int8[2]"},
           {"block 2 parent 0", ErrorCode::Format, "expected block number 1"},
           {"random_seed -1", ErrorCode::Format, "expected a seed"},
           {"Out=%y = relu(X=%x) {op_device=\"a", ErrorCode::Format, "before the end of line"},
           {"Out=%y = relu(X=%x) {op_device=\"\\q\"}", ErrorCode::Format, "unknown escape"},
           {"\n\n$", ErrorCode::Format, "line 4: unexpected character"},
           {"% ", ErrorCode::Format, "expected a name after '%'"},
       }) {
    try {
      parse_program(x + bad.text);
      ADD_FAILURE() << "no error for: " << bad.text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), bad.code) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(bad.message));
    }
  }
}

TEST(Text, AnyPrefixOfATextIsAProgramOrAnError) {
  Program program = with_attribute(Strings{"a\n", "b"});
  program.add_block(0).add_var("q r", DType::Int8, {1});
  const std::string text = to_text(program);
  int errors = 0;
  for (size_t size = 0; size < text.size(); ++size) {
    try {
      parse_program(text.substr(0, size));
    } catch (const Error&) {
      ++errors;
    }
  }
  EXPECT_GT(errors, 20);
}

}  // namespace
}  // namespace intact
