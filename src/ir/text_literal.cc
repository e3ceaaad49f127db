#include "ir/text_literal.h"

#include <charconv>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace intact {
namespace {

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) {
    return std::nullopt;
  }
  return value;
}

std::string_view without_suffix(std::string_view text, char suffix) {
  if (!text.empty() && text.back() == suffix) {
    text.remove_suffix(1);
  }
  return text;
}

template <class T>
std::optional<T> convert(const Literal& literal) {
  using Kind = Literal::Kind;
  if constexpr (std::is_same_v<T, bool>) {
    return literal.kind == Kind::Bool ? std::optional(literal.text == "true") : std::nullopt;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return literal.kind == Kind::String ? std::optional(literal.text) : std::nullopt;
  } else if constexpr (std::is_same_v<T, BlockRef>) {
    const auto index = parse_number<int32_t>(literal.text);
    return literal.kind == Kind::Block && index ? std::optional(BlockRef{*index}) : std::nullopt;
  } else {
    if (literal.kind != Kind::Number) {
      return std::nullopt;
    }
    const char suffix = std::is_same_v<T, int64_t> ? 'L' : (std::is_same_v<T, double> ? 'd' : '\0');
    return parse_number<T>(without_suffix(literal.text, suffix));
  }
}

template <class T>
std::optional<Attribute> convert_list(const std::vector<Literal>& literals) {
  std::vector<T> values;
  for (const Literal& literal : literals) {
    const std::optional<T> value = convert<T>(literal);
    if (!value) {
      return std::nullopt;
    }
    values.push_back(*value);
  }
  return Attribute(std::move(values));
}

template <class T>
struct IsList : std::false_type {};
template <class T>
struct IsList<std::vector<T>> : std::true_type {};

/// Calls body(std::type_identity<T>) with T the alternative number `index`.
template <class Body, size_t Index = 0>
std::optional<Attribute> with_type(size_t index, const Body& body) {
  if constexpr (Index < std::variant_size_v<Attribute>) {
    return index == Index ? body(std::type_identity<std::variant_alternative_t<Index, Attribute>>{})
                          : with_type<Body, Index + 1>(index, body);
  } else {
    return std::nullopt;
  }
}

template <class T>
size_t index_of_type() {
  return Attribute(T{}).index();
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (std::string_view word : words) {
    if (text == word) {
      return true;
    }
  }
  return false;
}

size_t natural_type(const Literal& literal) {
  switch (literal.kind) {
    case Literal::Kind::Bool:
      return index_of_type<bool>();
    case Literal::Kind::String:
      return index_of_type<std::string>();
    case Literal::Kind::Block:
      return index_of_type<BlockRef>();
    case Literal::Kind::Number:
      break;
  }
  if (literal.text.ends_with('L')) {
    return index_of_type<int64_t>();
  }
  if (literal.text.ends_with('d')) {
    return index_of_type<double>();
  }
  const bool is_float = literal.text.find_first_of(".e") != std::string::npos ||
                        is_one_of(literal.text, {"inf", "-inf", "nan"});
  return is_float ? index_of_type<float>() : index_of_type<int32_t>();
}

}  // namespace

std::optional<Attribute> to_attribute(const Literal& literal, std::optional<size_t> type) {
  return with_type(type.value_or(natural_type(literal)),
                   [&]<class T>(std::type_identity<T>) -> std::optional<Attribute> {
                     if constexpr (IsList<T>::value) {
                       return std::nullopt;
                     } else {
                       const std::optional<T> value = convert<T>(literal);
                       return value ? std::optional<Attribute>(*value) : std::nullopt;
                     }
                   });
}

std::optional<Attribute> to_attribute(const std::vector<Literal>& literals,
                                      std::optional<size_t> type) {
  if (!type) {
    if (literals.empty()) {
      return std::nullopt;
    }
    const size_t element = natural_type(literals.front());
    type = with_type(element,
                     []<class T>(std::type_identity<T>) -> std::optional<Attribute> {
                       if constexpr (IsList<T>::value || std::is_same_v<T, BlockRef>) {
                         return std::nullopt;
                       } else {
                         return Attribute(std::vector<T>{});
                       }
                     })
               .value_or(Attribute(BlockRef{}))
               .index();
  }
  return with_type(*type, [&]<class T>(std::type_identity<T>) -> std::optional<Attribute> {
    if constexpr (IsList<T>::value) {
      return convert_list<typename T::value_type>(literals);
    } else {
      return std::nullopt;
    }
  });
}

const char* attribute_type_name(size_t type) {
  const std::optional<Attribute> sample = with_type(
      type, []<class T>(std::type_identity<T>) -> std::optional<Attribute> { return T{}; });
  return type_name(sample.value());
}

std::optional<size_t> list_type(const std::string& name) {
  for (size_t type = 0; type < std::variant_size_v<Attribute>; ++type) {
    if (name == attribute_type_name(type) && name.ends_with('s')) {
      return type;
    }
  }
  return std::nullopt;
}

}  // namespace intact
