#include "intact/data/npy.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/expect_error.h"

namespace intact {
namespace {

std::string npy(const std::string& header, const std::string& data, char version = 1) {
  std::string bytes = std::string("\x93NUMPY", 6) + version + '\0';
  bytes += {static_cast<char>(header.size() & 0xFF), static_cast<char>(header.size() >> 8)};
  if (version != 1) {
    bytes += std::string(2, '\0');
  }
  return bytes + header + data;
}

TEST(Npy, FormatIsWhatNumpyWrites) {
  // numpy.save(f, numpy.array([[1, -2]], 'i2')), numpy 1.26.
  const std::string dict = "{'descr': '<i2', 'fortran_order': False, 'shape': (1, 2), }";
  const std::string padding(117 - dict.size(), ' ');
  const std::string expected = fmt::format("{}{}{}\n{}",
                                           std::string_view("\x93NUMPY\1\0\x76\0", 10),
                                           dict,
                                           padding,
                                           std::string_view("\1\0\xFE\xFF", 4));
  EXPECT_EQ(format_npy(Tensor::from<int16_t>({1, 2}, {1, -2})), expected);
}

TEST(Npy, EveryDtypeAndRankComesBackIdentical) {
  const std::vector<Tensor> tensors = {Tensor::from<bool>({2}, {true, false}),
                                       Tensor::from<int8_t>({3}, {-128, 0, 127}),
                                       Tensor::from<uint8_t>({1, 1}, {255}),
                                       Tensor::from<int16_t>({2, 1}, {-3, 3}),
                                       Tensor::from<int32_t>({}, {-7}),
                                       Tensor::from<int64_t>({1, 2, 1}, {1, int64_t{1} << 40}),
                                       Tensor(DType::Float16, {2, 3}),
                                       Tensor::from<float>({0, 4}, {}),
                                       Tensor::from<double>({1}, {0.1})};
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("intact_{}.npy", ::getpid())).string();
  for (const Tensor& tensor : tensors) {
    save_npy(path, tensor);
    EXPECT_TRUE(load_npy(path).identical(tensor)) << to_string(tensor.dtype());
  }
  std::filesystem::remove(path);
}

TEST(Npy, ReadsVersionsTwoAndThree) {
  const std::string header = "{\"shape\": (1,), 'fortran_order': False, 'descr': '|u1'}\n";
  for (const char version : {2, 3}) {
    EXPECT_TRUE(
        parse_npy(npy(header, "\x05", version), "x").identical(Tensor::from<uint8_t>({1}, {5})));
  }
}

TEST(Npy, EveryTruncationIsAFormatError) {
  const std::string whole = format_npy(Tensor::from<float>({2, 2}, {1, 2, 3, 4}));
  for (size_t size = 0; size < whole.size(); ++size) {
    expect_error(ErrorCode::Format, {"x.npy: ", "byte"}, [&] {
      parse_npy(std::string_view(whole).substr(0, size), "x.npy");
    });
  }
  expect_error(ErrorCode::Format, {"17 follow"}, [&] { parse_npy(whole + "x", "x.npy"); });
}

TEST(Npy, WhatCannotBeReadSaysWhy) {
  const auto parse = [](const std::string& header, const std::string& data) {
    parse_npy(npy(header, data), "x.npy");
  };
  expect_error(ErrorCode::Unsupported, {"'>f4'"}, [&] {
    parse("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "abcd");
  });
  expect_error(ErrorCode::Unsupported, {"Fortran"}, [&] {
    parse("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", "abcd");
  });
  expect_error(ErrorCode::Format, {"structured"}, [&] {
    parse("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "abcd");
  });
  expect_error(ErrorCode::Format, {"a dimension"}, [&] {
    parse("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "abcd");
  });
  expect_error(ErrorCode::Format, {"three keys"}, [&] { parse("{'descr': '<f4'}", "abcd"); });
  expect_error(ErrorCode::Format, {"9223372036854775807"}, [&] {
    parse("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 4), }", "abcd");
  });
  expect_error(ErrorCode::Format, {"not a bool"}, [&] {
    parse("{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }", "\x02");
  });
}

}  // namespace
}  // namespace intact
