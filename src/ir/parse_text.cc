#include <array>
#include <optional>
#include <set>

#include "base/check.h"
#include "base/nearest.h"
#include "intact/ir/op_registry.h"
#include "intact/ir/text.h"
#include "ir/text_literal.h"
#include "ir/token_cursor.h"

namespace intact {
namespace {

class Parser : private TokenCursor {
 public:
  explicit Parser(std::string_view text) : TokenCursor(text) {}

  Program run() {
    block_ = &program_.block();
    while (peek().kind != TokenKind::End) {
      if (peek().kind == TokenKind::Newline) {
        advance();
        continue;
      }
      statement();
      if (peek().kind != TokenKind::End && peek().kind != TokenKind::Newline) {
        expected("end of line");
      }
    }
    return std::move(program_);
  }

 private:
  void statement() {
    if (is_word("random_seed", TokenKind::Number)) {
      advance();
      program_.set_random_seed(take_integer<uint64_t>("a seed of 64 bits"));
    } else if (is_word("block", TokenKind::Number)) {
      block_statement();
    } else if (is_word("var", TokenKind::Var)) {
      var_statement();
    } else {
      op_statement();
    }
  }

  void block_statement() {
    advance();
    const std::string number = fmt::format("{}", program_.block_count());
    if (peek().text != number) {
      expected(fmt::format("block number {}", number));
    }
    advance();
    if (!is_word("parent", TokenKind::Number)) {
      expected("'parent' and a block number");
    }
    advance();
    block_ = &program_.add_block(take_integer<int>("a block number"));
    declared_.clear();
  }

  void var_statement() {
    advance();
    const int line = peek().line;
    const std::string name = take(TokenKind::Var, "a Var");
    DType dtype = DType::Float32;
    Shape shape;
    const bool has_type = accept(':');
    if (has_type) {
      dtype = take_dtype();
      shape = take_shape();
    }
    VarOptions options;
    while (peek().kind == TokenKind::Name) {
      take_flag(options);
    }
    with_line(line, [&] { block_->add_var(name, dtype, std::move(shape), options); });
    if (has_type) {
      declared_.insert(name);
    }
  }

  DType take_dtype() {
    static constexpr std::array<DType, 9> kAll = {DType::Bool,
                                                  DType::Int8,
                                                  DType::UInt8,
                                                  DType::Int16,
                                                  DType::Int32,
                                                  DType::Int64,
                                                  DType::Float16,
                                                  DType::Float32,
                                                  DType::Float64};
    for (DType dtype : kAll) {
      if (peek().kind == TokenKind::Name && peek().text == to_string(dtype)) {
        advance();
        return dtype;
      }
    }
    expected("a dtype (float32, int8, ...)");
  }

  Shape take_shape() {
    std::vector<int64_t> dims;
    take('[');
    while (!is_next(']')) {
      if (!dims.empty()) {
        take(',');
      }
      dims.push_back(take_integer<int64_t>("a dimension"));
      if (dims.back() < -1) {
        back();
        expected("a dimension >= 0, or -1");
      }
    }
    take(']');
    return Shape(std::move(dims));
  }

  void take_flag(VarOptions& options) {
    const std::string flag = advance().text;
    if (flag == "persistable") {
      options.is_persistable = true;
    } else if (flag == "parameter") {
      options.is_parameter = true;
    } else if (flag == "data") {
      options.is_data = true;
    } else if (flag == "stop_gradient") {
      options.stop_gradient = true;
    } else if (flag == "learning_rate") {
      options.learning_rate = take_flag_value();
    } else if (flag == "l2_decay") {
      options.l2_decay = take_flag_value();
    } else if (flag == "feed_list") {
      options.kind = VarKind::FeedList;
    } else if (flag == "fetch_list") {
      options.kind = VarKind::FetchList;
    } else if (flag == "raw") {
      options.kind = VarKind::Raw;
    } else {
      back();
      expected(
          "persistable, parameter, data, stop_gradient, learning_rate=, l2_decay=, feed_list, "
          "fetch_list, raw or end of line");
    }
  }

  float take_flag_value() {
    take('=');
    return std::get<float>(take_value(Attribute(0.0f).index()));
  }

  void op_statement() {
    const int line = peek().line;
    OpSpec spec;
    const bool has_outputs = peek(1).text == "=";
    if (has_outputs) {
      spec.outputs = take_slots(/*create=*/true);
      take('=');
    }
    spec.type = take_name("an op type");
    take('(');
    if (!is_next(')')) {
      spec.inputs = take_slots(/*create=*/false);
    }
    take(')');
    const OpDef* def = nullptr;
    with_line(line, [&] { def = &op_registry().get(spec.type); });
    take_attrs(*def, spec.attrs);
    append(line, std::move(spec));
  }

  Slots take_slots(bool create) {
    Slots slots;
    do {
      const std::string slot = take_name("a slot name");
      if (slots.contains(slot)) {
        back();
        expected("another slot (this one was given before)");
      }
      take('=');
      slots[slot] = take_vars(create);
    } while (accept(','));
    return slots;
  }

  std::vector<Var*> take_vars(bool create) {
    if (!is_next('[')) {
      return {&take_var(create)};
    }
    std::vector<Var*> vars;
    take('[');
    while (!is_next(']')) {
      if (!vars.empty()) {
        take(',');
      }
      vars.push_back(&take_var(create));
    }
    take(']');
    return vars;
  }

  Var& take_var(bool create) {
    const int line = peek().line;
    const std::string name = take(TokenKind::Var, "a Var (%name)");
    if (Var* var = block_->find_var(name)) {
      return *var;
    }
    if (!create) {
      with_line(line, [&] { block_->var(name); });
    }
    return block_->add_var(name, DType::Float32, {});
  }

  void take_attrs(const OpDef& def, Attributes& attrs) {
    if (!accept('{')) {
      return;
    }
    while (!is_next('}')) {
      if (!attrs.empty()) {
        take(',');
      }
      const bool is_unknown = accept('?');
      const std::string name = take_name("an attribute name");
      const AttrDef* attr = def.find_attr(name);
      if (attr == nullptr && !is_unknown && !is_meta_attribute(name)) {
        back();
        expected(fmt::format("an attribute of {}{} (write ?{} to keep it anyway)",
                             def.type,
                             nearest_attribute(def, name),
                             name));
      }
      take('=');
      const auto type = attr == nullptr ? std::nullopt : std::optional(attr->default_value.index());
      if (!attrs.emplace(name, take_value(type)).second) {
        expected(fmt::format("attribute '{}' once", name));
      }
    }
    take('}');
  }

  static std::string nearest_attribute(const OpDef& def, const std::string& name) {
    std::vector<std::string> known;
    for (const AttrDef& attr : def.attrs) {
      known.push_back(attr.name);
    }
    const std::string near = nearest(name, known);
    return near.empty() ? "" : fmt::format(", perhaps '{}'", near);
  }

  Attribute take_value(std::optional<size_t> type) {
    const size_t begin = position();
    if (peek().kind == TokenKind::Name && list_type(peek().text)) {
      type = list_type(advance().text);
    }
    std::optional<Attribute> value;
    if (is_next('[')) {
      value = to_attribute(take_literals(), type);
    } else {
      value = to_attribute(take_literal(), type);
    }
    if (!value) {
      go_to(begin);
      expected(type ? fmt::format("a value of type {}", attribute_type_name(*type))
                    : "a value (an empty list needs its type, as in ints[]; a list has one type)");
    }
    return *value;
  }

  std::vector<Literal> take_literals() {
    std::vector<Literal> literals;
    take('[');
    while (!is_next(']')) {
      if (!literals.empty()) {
        take(',');
      }
      literals.push_back(take_literal());
    }
    take(']');
    return literals;
  }

  Literal take_literal() {
    using Kind = Literal::Kind;
    const Token& token = peek();
    if (token.kind == TokenKind::String) {
      return {Kind::String, advance().text};
    }
    if (token.kind == TokenKind::Number) {
      return {Kind::Number, advance().text};
    }
    if (token.kind != TokenKind::Name) {
      expected("a value");
    }
    if (token.text == "true" || token.text == "false") {
      return {Kind::Bool, advance().text};
    }
    if (token.text == "inf" || token.text == "nan" || token.text == "infd" ||
        token.text == "nand") {
      return {Kind::Number, advance().text};
    }
    if (token.text == "block") {
      advance();
      take('(');
      const std::string index = take(TokenKind::Number, "a block number");
      take(')');
      return {Kind::Block, index};
    }
    expected("a value");
  }

  void append(int line, OpSpec spec) {
    struct Declared {
      Var* var;
      DType dtype;
      Shape shape;
    };
    std::vector<Declared> before;
    for (const auto& [slot, vars] : spec.outputs) {
      for (Var* var : vars) {
        if (declared_.contains(var->name())) {
          before.push_back({var, var->dtype(), var->shape()});
        }
      }
    }
    with_line(line, [&] { block_->append_op(std::move(spec), UnknownAttributes::Keep); });
    for (Declared& declared : before) {
      Var& var = *declared.var;
      if (var.dtype() != declared.dtype || !compatible(var.shape(), declared.shape)) {
        fail(ErrorCode::Format,
             "program text, line {}: '{}' is declared {}{} but its op gives {}{}; correct the "
             "declaration or leave it out",
             line,
             var.name(),
             to_string(declared.dtype),
             declared.shape.to_string(),
             to_string(var.dtype()),
             var.shape().to_string());
      }
      var.set_shape(std::move(declared.shape));
    }
  }

  /// Adds the line to errors of the Program itself.
  template <class Action>
  void with_line(int line, const Action& action) {
    try {
      action();
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("program text, line {}: {}", line, error.what()));
    }
  }

  Program program_;
  Block* block_ = nullptr;
  std::set<std::string> declared_;  // Vars of the block whose type was given
};

}  // namespace

Program parse_program(std::string_view text) {
  return Parser(text).run();
}

}  // namespace intact
