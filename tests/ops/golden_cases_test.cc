// Every single-op case recorded from Paddle 2.6.2: outputs and gradients.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "intact/ir/op_registry.h"
#include "support/check_op.h"
#include "support/data_path.h"
#include "support/npz.h"

namespace intact {
namespace {

using nlohmann::json;

const json& cases() {
  static const json all = json::parse(std::ifstream(data_path("ops/op_cases.json")));
  return all;
}

const TensorMap& arrays() {
  static const TensorMap all = read_npz(data_path("ops/op_cases.npz"));
  return all;
}

/// The JSON value with the C++ type of the attribute's default.
Attribute typed(const json& value, const Attribute& like) {
  return std::visit(
      [&]<class T>(const T&) -> Attribute {
        if constexpr (std::is_same_v<T, BlockRef>) {
          throw std::runtime_error("no block attributes in the cases");
        } else {
          return value.get<T>();
        }
      },
      like);
}

TensorSlots tensors(const json& slots) {
  TensorSlots result;
  for (const auto& [slot, keys] : slots.items()) {
    for (const auto& key : keys) {
      result[slot].push_back(arrays().at(key.get<std::string>()));
    }
  }
  return result;
}

/// Integers, codes, scales and copies are exact. Float sums in another order, exp and the like
/// differ from Paddle's (Eigen, float) by a few units in the last place.
double tolerance(const std::string& type) {
  return type.find("quant") != std::string::npos ? 0 : 2e-6;
}

class GoldenOpCase : public ::testing::TestWithParam<size_t> {};

TEST_P(GoldenOpCase, MatchesPaddle) {
  const json& golden = cases()[GetParam()];
  const std::string type = golden["op"];
  const OpDef* def = op_registry().find(type);
  ASSERT_NE(def, nullptr) << "this build has no op " << type;
  OpCase op_case = {.type = type, .inputs = tensors(golden["inputs"])};
  for (const auto& [name, value] : golden["attrs"].items()) {
    const AttrDef* attr = def->find_attr(name);
    ASSERT_NE(attr, nullptr) << type << " lacks the attribute " << name;
    op_case.attrs[name] = typed(value, attr->default_value);
  }
  op_case.expected = tensors(golden["outputs"]);
  const TensorSlots outputs = run_reference(op_case);
  for (const auto& [slot, wanted] : op_case.expected) {
    for (size_t i = 0; i < wanted.size(); ++i) {
      expect_close(outputs.at(slot)[i], wanted[i], tolerance(type), slot);
    }
  }
  if (golden["grads"].empty()) {
    return;
  }
  const TensorSlots wanted = tensors(golden["grads"]);
  for (const auto& [slot, unused] : wanted) {
    op_case.gradients.push_back(slot);
  }
  const TensorSlots output_grads = {
      {golden["gout"]["slot"], {arrays().at(golden["gout"]["key"].get<std::string>())}}};
  const TensorSlots grads = run_reference_gradient(op_case, output_grads);
  for (const auto& [slot, gradients] : wanted) {
    for (size_t i = 0; i < gradients.size(); ++i) {
      expect_close(grads.at(slot)[i], gradients[i], tolerance(type), slot + "@GRAD");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Paddle,
                         GoldenOpCase,
                         ::testing::Range<size_t>(0, cases().size()),
                         [](const ::testing::TestParamInfo<size_t>& info) {
                           return cases()[info.param]["name"].get<std::string>();
                         });

TEST(GoldenOps, EveryOpOfTheCasesExists) {
  std::set<std::string> missing;
  for (const json& golden : cases()) {
    if (op_registry().find(golden["op"]) == nullptr) {
      missing.insert(golden["op"]);
    }
  }
  EXPECT_THAT(missing, testing::IsEmpty());
}

}  // namespace
}  // namespace intact
