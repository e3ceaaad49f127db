#include "interop/paddle/types.h"

#include <array>
#include <limits>
#include <type_traits>
#include <utility>

#include "base/check.h"

namespace intact::paddle {
namespace {

using VarType = proto::VarType;

constexpr std::array<std::pair<DType, VarType::Type>, 9> kDTypes = {
    {{DType::Bool, VarType::BOOL},
     {DType::Int8, VarType::INT8},
     {DType::UInt8, VarType::UINT8},
     {DType::Int16, VarType::INT16},
     {DType::Int32, VarType::INT32},
     {DType::Int64, VarType::INT64},
     {DType::Float16, VarType::FP16},
     {DType::Float32, VarType::FP32},
     {DType::Float64, VarType::FP64}}};

template <class List, class Field>
List list_of(const Field& field) {
  return List(field.begin(), field.end());
}

template <class Field, class List>
void copy_list(const List& list, Field* field) {
  for (const auto& element : list) {
    *field->Add() = element;
  }
}

template <class T>
struct IsList : std::false_type {};
template <class T>
struct IsList<std::vector<T>> : std::true_type {};

/// Integers convert when the value survives; floats round.
template <class To, class From>
std::optional<To> convert(const From& from) {
  if constexpr (std::is_floating_point_v<To> && std::is_floating_point_v<From>) {
    return static_cast<To>(from);
  } else if constexpr (std::is_arithmetic_v<To> && std::is_arithmetic_v<From>) {
    if constexpr (std::is_integral_v<To> == std::is_integral_v<From>) {
      const To to = static_cast<To>(from);
      return static_cast<From>(to) == from ? std::optional<To>(to) : std::nullopt;
    }
  } else if constexpr (IsList<To>::value && IsList<From>::value) {
    To list;
    if constexpr (std::is_arithmetic_v<typename To::value_type> &&
                  std::is_arithmetic_v<typename From::value_type>) {
      for (const typename From::value_type element : from) {
        const auto converted = convert<typename To::value_type>(element);
        if (!converted) {
          return std::nullopt;
        }
        list.push_back(*converted);
      }
      return list;
    } else if (from.empty()) {
      return list;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<DType> from_proto(VarType::Type type) {
  for (const auto& [dtype, theirs] : kDTypes) {
    if (theirs == type) {
      return dtype;
    }
  }
  return std::nullopt;
}

VarType::Type to_proto(DType dtype) {
  for (const auto& [ours, type] : kDTypes) {
    if (ours == dtype) {
      return type;
    }
  }
  fail(ErrorCode::Internal, "paddle: dtype {} has no counterpart", to_string(dtype));
}

std::string name_of(VarType::Type type) {
  static constexpr std::array<const char*, 32> kNames = {"BOOL",
                                                         "INT16",
                                                         "INT32",
                                                         "INT64",
                                                         "FP16",
                                                         "FP32",
                                                         "FP64",
                                                         "LOD_TENSOR",
                                                         "SELECTED_ROWS",
                                                         "FEED_MINIBATCH",
                                                         "FETCH_LIST",
                                                         "STEP_SCOPES",
                                                         "LOD_RANK_TABLE",
                                                         "LOD_TENSOR_ARRAY",
                                                         "PLACE_LIST",
                                                         "READER",
                                                         "16",
                                                         "RAW",
                                                         "TUPLE",
                                                         "SIZE_T",
                                                         "UINT8",
                                                         "INT8",
                                                         "BF16",
                                                         "COMPLEX64",
                                                         "COMPLEX128",
                                                         "STRING",
                                                         "STRINGS",
                                                         "VOCAB",
                                                         "FEED_LIST",
                                                         "PSTRING",
                                                         "SPARSE_COO",
                                                         "SPARSE_CSR"};
  return kNames[static_cast<size_t>(type)];
}

std::string name_of(proto::AttrType type) {
  static constexpr std::array<const char*, 18> kNames = {"INT",
                                                         "FLOAT",
                                                         "STRING",
                                                         "INTS",
                                                         "FLOATS",
                                                         "STRINGS",
                                                         "BOOLEAN",
                                                         "BOOLEANS",
                                                         "BLOCK",
                                                         "LONG",
                                                         "BLOCKS",
                                                         "LONGS",
                                                         "FLOAT64S",
                                                         "VAR",
                                                         "VARS",
                                                         "FLOAT64",
                                                         "SCALAR",
                                                         "SCALARS"};
  return kNames[static_cast<size_t>(type)];
}

std::optional<Attribute> from_proto(const proto::OpDesc::Attr& attr) {
  const auto value = [](bool has, auto&& typed) {
    return has ? std::optional<Attribute>(std::move(typed)) : std::nullopt;
  };
  switch (attr.type()) {
    case proto::INT:
      return value(attr.has_i(), int32_t{attr.i()});
    case proto::FLOAT:
      return value(attr.has_f(), float{attr.f()});
    case proto::STRING:
      return value(attr.has_s(), std::string(attr.s()));
    case proto::INTS:
      return list_of<Ints>(attr.ints());
    case proto::FLOATS:
      return list_of<Floats>(attr.floats());
    case proto::STRINGS:
      return list_of<Strings>(attr.strings());
    case proto::BOOLEAN:
      return value(attr.has_b(), bool{attr.b()});
    case proto::BOOLEANS:
      return list_of<Bools>(attr.bools());
    case proto::BLOCK:
      return value(attr.has_block_idx(), BlockRef{attr.block_idx()});
    case proto::LONG:
      return value(attr.has_l(), int64_t{attr.l()});
    case proto::LONGS:
      return list_of<Longs>(attr.longs());
    case proto::FLOAT64S:
      return list_of<Doubles>(attr.float64s());
    case proto::FLOAT64:
      return value(attr.has_float64(), double{attr.float64()});
    default:
      return std::nullopt;
  }
}

void to_proto(const std::string& name, const Attribute& value, proto::OpDesc::Attr& attr) {
  attr.set_name(name);
  const auto write = [&]<class T>(const T& typed) {
    if constexpr (std::is_same_v<T, bool>) {
      attr.set_type(proto::BOOLEAN);
      attr.set_b(typed);
    } else if constexpr (std::is_same_v<T, int32_t>) {
      attr.set_type(proto::INT);
      attr.set_i(typed);
    } else if constexpr (std::is_same_v<T, int64_t>) {
      attr.set_type(proto::LONG);
      attr.set_l(typed);
    } else if constexpr (std::is_same_v<T, float>) {
      attr.set_type(proto::FLOAT);
      attr.set_f(typed);
    } else if constexpr (std::is_same_v<T, double>) {
      attr.set_type(proto::FLOAT64);
      attr.set_float64(typed);
    } else if constexpr (std::is_same_v<T, std::string>) {
      attr.set_type(proto::STRING);
      attr.set_s(typed);
    } else if constexpr (std::is_same_v<T, Bools>) {
      attr.set_type(proto::BOOLEANS);
      copy_list(typed, attr.mutable_bools());
    } else if constexpr (std::is_same_v<T, Ints>) {
      attr.set_type(proto::INTS);
      copy_list(typed, attr.mutable_ints());
    } else if constexpr (std::is_same_v<T, Longs>) {
      attr.set_type(proto::LONGS);
      copy_list(typed, attr.mutable_longs());
    } else if constexpr (std::is_same_v<T, Floats>) {
      attr.set_type(proto::FLOATS);
      copy_list(typed, attr.mutable_floats());
    } else if constexpr (std::is_same_v<T, Doubles>) {
      attr.set_type(proto::FLOAT64S);
      copy_list(typed, attr.mutable_float64s());
    } else if constexpr (std::is_same_v<T, Strings>) {
      attr.set_type(proto::STRINGS);
      copy_list(typed, attr.mutable_strings());
    } else {
      static_assert(std::is_same_v<T, BlockRef>);
      attr.set_type(proto::BLOCK);
      attr.set_block_idx(typed.index);
    }
  };
  std::visit(write, value);
}

Attribute coerced(const Attribute& value, const Attribute& like) {
  if (value.index() == like.index()) {
    return value;
  }
  return std::visit(
      [&]<class From, class To>(const From& from, const To&) {
        const std::optional<To> converted = convert<To>(from);
        return converted ? Attribute(*converted) : value;
      },
      value,
      like);
}

}  // namespace intact::paddle
