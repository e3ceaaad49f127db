#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/check.h"
#include "ir/text_lexer.h"

namespace intact {

/// Walks over the tokens of a program text; each take_* throws Format when something else is next.
class TokenCursor {
 public:
  explicit TokenCursor(std::string_view text) : tokens_(tokenize(text)) {}

  size_t position() const { return at_; }
  void go_to(size_t position) { at_ = position; }
  /// Steps over the next token. The End token is never passed.
  const Token& advance() {
    const Token& token = tokens_[at_];
    at_ = std::min(at_ + 1, tokens_.size() - 1);
    return token;
  }
  void back() { --at_; }
  const Token& peek(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool is_next(char c) const {
    return peek().kind == TokenKind::Punctuation && peek().text.front() == c;
  }
  bool accept(char c) {
    if (!is_next(c)) {
      return false;
    }
    advance();
    return true;
  }
  bool is_word(const char* word, TokenKind following) const {
    return peek().kind == TokenKind::Name && peek().text == word && peek(1).kind == following;
  }

  [[noreturn]] void expected(const std::string& what) const {
    const Token& token = peek();
    const bool is_end = token.kind == TokenKind::End || token.kind == TokenKind::Newline;
    fail(ErrorCode::Format,
         "program text, line {}: expected {} but found {}; see intact/ir/text.h for the format",
         token.line,
         what,
         is_end ? token.text
                : fmt::format("'{}{}'", token.kind == TokenKind::Var ? "%" : "", token.text));
  }

  std::string take(TokenKind kind, const char* what) {
    if (peek().kind != kind) {
      expected(what);
    }
    return advance().text;
  }
  void take(char c) {
    if (!accept(c)) {
      expected(fmt::format("'{}'", c));
    }
  }
  /// A slot, attribute or op type.
  std::string take_name(const char* what) {
    return take(peek().kind == TokenKind::String ? TokenKind::String : TokenKind::Name, what);
  }
  template <class T>
  T take_integer(const char* what) {
    T value{};
    const std::string& text = peek().text;
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, value);
    if (peek().kind != TokenKind::Number || error != std::errc() || at != end) {
      expected(what);
    }
    advance();
    return value;
  }

 private:
  std::vector<Token> tokens_;
  size_t at_ = 0;
};

}  // namespace intact
